import { expect, it } from 'vitest';
import { groupedAdvantages, lossOptions } from '../../../lib/algorithms/updates/groupedAdvantages';
import { expectClose } from '../../close';

const trajectories = [{ rewards: [0, 1] }, { rewards: [3] }, { rewards: [0, 0] }, { rewards: [2] }];
const logRatios = [[0.5, -0.25], [1], [-0.5, 0], [0]];
const config = {
  baseline: 'leave-one-out',
  scale: 'none',
  ddof: 1,
  scaleEpsilon: 0,
  klCoefficient: 0.4,
} as const;

it('compares scores, and gives each token its response’s advantage', () => {
  expect(groupedAdvantages(trajectories, logRatios, 2, config)).toEqual([[-2, -2], [2], [-2, -2], [2]]);
});

it('takes β k1 of all tokens from the score before it compares', () => {
  const advantages = groupedAdvantages(trajectories, logRatios, 2, { ...config, klPlace: 'reward' });
  // 1 − 0.4 · 0.25 against 3 − 0.4 · 1, and 0 + 0.4 · 0.5 against 2
  expectClose(advantages, [[-1.7, -1.7], [1.7], [-1.8, -1.8], [1.8]], 1e-12);
});

it('leaves the loss without a KL term where the rewards have paid for it', () => {
  const options = { clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0.4 };
  expect(lossOptions(options).klCoefficient).toBe(0.4);
  expect(lossOptions({ ...options, klPlace: 'loss' }).klCoefficient).toBe(0.4);
  expect(lossOptions({ ...options, klPlace: 'reward' }).klCoefficient).toBe(0);
});
