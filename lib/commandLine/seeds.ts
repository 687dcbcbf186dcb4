import { InputError } from '../errors/inputError';

/** A range may be mistyped; nobody waits for as many runs. */
const most = 10_000;

/**
 * "1..5", "1,2,7", "3", and such parts with commas between: 1..3,7 → 1, 2, 3, 7
 * @throws InputError for anything else
 */
export function readSeeds(text: string): number[] {
  const refused = () =>
    new InputError(`--seed is "${text}"; expected whole numbers, such as 3, 1,2,7 or 1..5.`);
  return text.split(',').flatMap((part) => {
    const [, first, last = first] = /^(\d+)(?:\.\.(\d+))?$/.exec(part.trim()) ?? [];
    const from = Number(first);
    const count = Number(last) - from + 1;
    if (!Number.isSafeInteger(Number(last)) || count < 1) throw refused();
    if (count > most) throw new InputError(`--seed is "${text}"; expected at most ${most} seeds.`);
    return Array.from({ length: count }, (_, i) => from + i);
  });
}
