import { InputError } from '../errors/inputError';

/** The first step of a loop is recorded, and the second makes a graph of it. */
const slowSteps = 2;

/**
 * The median time of each loop's other steps, in seconds. The loops take turns, so that what else the machine does meets
 * each alike.
 */
export async function secondsPerStep<Name extends string>(
  loops: Readonly<Record<Name, AsyncIterator<unknown>>>,
): Promise<Record<Name, number>> {
  const timed = (Object.entries(loops) as [Name, AsyncIterator<unknown>][]).map(([name, loop]) => ({
    name,
    loop,
    times: [] as number[],
  }));
  for (let running = timed; running.length > 0; ) {
    const ended = new Set<unknown>();
    for (const { name, loop, times } of running) {
      const since = performance.now();
      const { done } = await loop.next();
      if (done) ended.add(name);
      else times.push((performance.now() - since) / 1000);
    }
    running = running.filter(({ name }) => !ended.has(name));
  }
  return Object.fromEntries(timed.map(({ name, times }) => [name, medianAfter(times)])) as Record<
    Name,
    number
  >;
}

function medianAfter(times: readonly number[]): number {
  const sorted = times.slice(slowSteps).sort((a, b) => a - b);
  if (sorted.length > 0) return sorted[Math.floor(sorted.length / 2)]!;
  throw new InputError('a loop has too few steps to time; expected at least three.');
}
