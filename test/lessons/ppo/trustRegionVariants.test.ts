import { expect, it } from 'vitest';
import { presets } from '../../../lib/algorithms/presets';
import { tf } from '../../../lib/engine/tensorflow';
import {
  differencesFrom,
  paperScores,
  trustRegionVariants,
  type VariantRow,
  variantRuns,
  variantScores,
} from '../../../lib/lessons/ppo/trustRegionVariants';
import { matchingCritic, matchingPolicy, matchingTask } from '../../algorithms/matchingTask';

const variants = trustRegionVariants({ clipRanges: [0.3, 0.1, 0.3], klTargets: [0.01], klCoefficients: [1] });

it('has each variant once, in the order of the paper, which has a score for each', () => {
  expect(variants.map(({ name }) => name)).toEqual([
    'no clip or penalty',
    'clip, ε = 0.1',
    'clip, ε = 0.3',
    'adaptive KL, target 0.01',
    'fixed KL, β = 1',
  ]);
  for (const { name } of variants) expect(paperScores[name]).toBeTypeOf('number');
});

it('runs all from one start, tells a row before each rollout and one after the last, and frees what it made', async () => {
  const size = { steps: 2, queries: 4, groupSize: 2, evaluateEvery: 2, epochs: 2, learningRate: 0.03 };
  const settings = { ...presets.cleanrl.ppo, ...size, minibatches: 1 };
  const before = tf.memory().numTensors;
  const ground = {
    name: 'matching',
    task: matchingTask(),
    models: () => ({ policy: matchingPolicy(), critic: matchingCritic(), reference: null }),
    settings,
    judged: { queries: 4, groupSize: 4 },
  };
  const rows: VariantRow[] = [];
  for await (const row of variantRuns(ground, variants, 3)) rows.push(row);
  expect(tf.memory().numTensors).toBe(before);
  expect(rows.map(({ rollouts }) => rollouts)).toEqual(variants.flatMap(() => [0, 1, 2]));
  expect(new Set(rows.filter(({ rollouts }) => rollouts === 0).map(({ reward }) => reward)).size).toBe(1);
  expect(rows.filter(({ update_kl }) => update_kl !== null).map(({ family }) => family)).toEqual([
    'adaptive KL',
    'adaptive KL',
    'fixed KL',
    'fixed KL',
  ]);
});

const run = (variant: string, seed: number, rewards: readonly number[]): VariantRow[] =>
  rewards.map((reward, rollouts) => ({
    task: 'maze',
    variant,
    family: 'clip',
    seed,
    rollouts,
    reward,
    approx_kl: rollouts === 0 ? 0.01 : null,
    ratio_max: rollouts === 0 ? 1.5 : null,
    clip_fraction: null,
    update_kl: null,
    update_kl_coefficient: null,
    entropy: null,
  }));

it('scores 0 for the policy before training and 1 for the best', () => {
  const rows = [...run('a', 1, [-2, 1]), ...run('a', 2, [-1, -1.5]), ...run('b', 1, [-2, -0.25])];
  // the start is the mean of −2, −1 and −2
  const start = -5 / 3;
  const scores = variantScores(rows, { maze: 1 });
  expect(scores.map(({ score }) => score)).toEqual(
    [1, -1.5, -0.25].map((end) => (end - start) / (1 - start)),
  );
  expect(scores[0]).toMatchObject({ ratio_max: 1.5, approx_kl: 0.01 });
});

it('tells two variants apart by runs of the same seed, where the interval has one sign', () => {
  const rows = [1, 2, 3].flatMap((seed) => [
    ...run('a', seed, [0, 0.1 * seed]),
    ...run('b', seed, [0, 0.1 * seed + 0.3 + 0.01 * seed]),
    ...run('c', seed, [0, 0.1 * seed + (seed - 2)]),
  ]);
  const differences = differencesFrom(variantScores(rows, { maze: 1 }), 'a');
  expect(differences.map(({ variant, verdict }) => [variant, verdict])).toEqual([
    ['b', 'above'],
    ['c', 'not told apart'],
  ]);
  expect(differences[0]!.difference).toBeCloseTo(0.32, 12);
});
