import { expect, it } from 'vitest';
import { secondsPerStep } from '../../lib/lessons/secondsPerStep';

it('times loops that take turns, each by its steps after the second', async () => {
  const told: string[] = [];
  async function* loop(name: string, durations: readonly number[]) {
    for (const duration of durations) {
      told.push(name);
      await new Promise((resolve) => setTimeout(resolve, duration));
      yield;
    }
  }
  const seconds = await secondsPerStep({
    slow: loop('slow', [0, 0, 60, 60, 60]),
    fast: loop('fast', [60, 60, 0]),
  });
  expect(told.join(' ')).toBe('slow fast slow fast slow fast slow slow');
  // a timer may be a millisecond early
  expect(seconds.slow).toBeGreaterThan(0.058);
  expect(seconds.fast).toBeLessThan(seconds.slow);
  await expect(secondsPerStep({ short: loop('short', [0, 0]) })).rejects.toThrow(
    'a loop has too few steps to time; expected at least three.',
  );
});
