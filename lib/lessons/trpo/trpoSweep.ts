import type { Task } from '../../algorithms/rollouts/rollout';
import { type TrpoConfig, type TrpoModels, type TrpoRow, trpo } from '../../algorithms/trpo';
import { overSeeds } from '../../experiments/overSeeds';
import type { Random } from '../../math/random';
import { seededRandom } from '../../math/random';
import { disposeParameters } from '../../models/parameters';
import type { States } from '../../models/policy';

const columns = { maxKl: 'max_kl', valueSteps: 'value_steps' } as const;
type Swept = keyof typeof columns;

/** A row of a run, and the setting that tells it from the others. */
export type TrpoSweepRow<Name extends Swept> = { readonly seed: number } & Readonly<
  Record<(typeof columns)[Name], number>
> &
  TrpoRow;

/**
 * TRPO with several values of one setting, from the same start, all of them for each seed.
 * @param modelsOf models to train, of their own for each run; the reference may be one that they share
 * @param name     the setting, which becomes a column: max_kl or value_steps
 */
export function trpoSweep<S extends States, Name extends Swept>(
  task: Task<S>,
  modelsOf: (random: Random) => TrpoModels<S>,
  config: TrpoConfig,
  name: Name,
  values: readonly number[],
  seeds: readonly number[],
): AsyncGenerator<TrpoSweepRow<Name>, void> {
  return overSeeds(seeds, async function* (seed) {
    for (const value of values) {
      const random = seededRandom(seed);
      const models = modelsOf(random);
      try {
        for await (const row of trpo(task, models, { ...config, [name]: value }, random.split('train'))) {
          yield { [columns[name]]: value, ...row };
        }
      } finally {
        for (const { parameters } of [models.policy, models.critic]) disposeParameters(parameters);
      }
    }
  }) as AsyncGenerator<TrpoSweepRow<Name>, void>;
}
