import { InputError } from '../errors/inputError';

/**
 * The same experiment from several seeds, one after the other: each row with its seed in front, so that one live figure
 * or one CSV holds them all.
 * @param run the rows of one seed
 * @throws    InputError where there are no seeds, or one of them stands twice: it would count as two
 */
export async function* overSeeds<Row extends object>(
  seeds: readonly number[],
  run: (seed: number) => AsyncIterable<Row>,
): AsyncGenerator<{ readonly seed: number } & Row, void> {
  if (seeds.length === 0) throw new InputError('there are no seeds; expected at least one.');
  const twice = seeds.find((seed, i) => seeds.indexOf(seed) !== i);
  if (twice !== undefined) throw new InputError(`the seed ${twice} stands twice; expected each once.`);
  for (const seed of seeds) {
    for await (const row of run(seed)) yield { seed, ...row };
  }
}
