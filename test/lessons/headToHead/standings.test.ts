import { expect, it } from 'vitest';
import { compareSettings } from '../../../lib/experiments/comparison/compareSettings';
import { settledOrders, standings } from '../../../lib/lessons/headToHead/standings';
import { seededRandom } from '../../../lib/math/random';

const run = (algorithm: string, seed: number, accuracies: readonly (number | null)[]) =>
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

it('tells who is better only where the seeds settle it', () => {
  const scoresOf = (setting: string, scores: readonly number[]) =>
    scores.map((score, seed) => ({ setting, seed, score }));
  const pairsOf = (...scores: ReturnType<typeof scoresOf>[]) =>
    compareSettings(scores.flat(), seededRandom(1)).pairs;
  const [low, high] = [scoresOf('trpo', [1, 2, 3, 2, 1]), scoresOf('ppo', [11, 12, 14, 13, 11])];
  expect(settledOrders(pairsOf(low, high))).toEqual(['PPO is better than TRPO']);
  expect(settledOrders(pairsOf(high, low))).toEqual(['PPO is better than TRPO']);
  expect(settledOrders(pairsOf(low, scoresOf('grpo', [2, 1, 2, 3, 1])))).toEqual([]);
});
