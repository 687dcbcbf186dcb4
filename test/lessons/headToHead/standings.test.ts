import { expect, it } from 'vitest';
import type { AlgorithmName } from '../../../lib/experiments/headToHead';
import { secondsPerStep, standings, withoutTimes } from '../../../lib/lessons/headToHead/standings';

const run = (algorithm: AlgorithmName, seed: number, accuracies: readonly (number | null)[]) =>
  accuracies.map((accuracy, i) => ({
    seed,
    algorithm,
    step: i + 1,
    trajectories: 10 * (i + 1),
    reward: accuracy ?? 0,
    accuracy,
    held_out_accuracy: null,
    kl: null,
    entropy: 1,
    seconds: i === 0 ? 100 : i,
  }));
const rows = [
  ...run('TRPO', 1, [0.2, 0.96, 0.97]),
  ...run('TRPO', 2, [0.96, 0.2, 0.96]),
  ...run('GRPO', 1, [null, 0.2, 0.4]),
];

it('tells where each algorithm ends, and how many trajectories it took to stay there', () => {
  const [trpo, grpo] = standings(rows, 0.95);
  expect(trpo).toMatchObject({
    algorithm: 'TRPO',
    seeds: 2,
    solved: 2,
    trajectories_to_solve: 25,
  });
  // the mean of 0.97 and 0.96
  expect(trpo!.accuracy).toBeCloseTo(0.965, 12);
  expect(grpo).toMatchObject({
    algorithm: 'GRPO',
    seeds: 1,
    accuracy: 0.4,
    solved: 0,
    trajectories_to_solve: null,
  });
});

it('leaves the first step out of the times, and all times out of a CSV', () => {
  expect(secondsPerStep(rows)[0]).toEqual({ algorithm: 'TRPO', seconds_per_step: 1.5 });
  expect(withoutTimes(rows)[0]).not.toHaveProperty('seconds');
});
