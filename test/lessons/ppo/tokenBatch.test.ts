import { expect, it } from 'vitest';
import type { TokenRow } from '../../../lib/algorithms/rollouts/tokenRows';
import { tokenBatch } from '../../../lib/lessons/ppo/tokenBatch';

const row = (trajectory: number, position: number, changes: Partial<TokenRow> = {}): TokenRow => ({
  step: 2,
  trajectory,
  query: 'What is 1+1?',
  position,
  token: `${trajectory}.${position}`,
  reward: position,
  advantage: 0.5,
  old_log_prob: -1,
  log_prob: -0.75,
  ratio: Math.exp(0.25),
  kl: 0.5,
  value: 0.25,
  ...changes,
});

it('has a row for each trajectory, and the reference that the KL was taken from', () => {
  const batch = tokenBatch([row(0, 0), row(0, 1), row(1, 0)], 1);
  expect(batch).toEqual({
    groupSize: 1,
    names: [['0.0', '0.1'], ['1.0']],
    rewards: [[0, 1], [0]],
    logProbs: [[-0.75, -0.75], [-0.75]],
    oldLogProbs: [[-1, -1], [-1]],
    refLogProbs: [[-1.5, -1.5], [-1.5]],
    values: [[0.25, 0.25], [0.25]],
    oldValues: [[0.25, 0.25], [0.25]],
  });
});

it('has no reference and no critic where the rows have none', () => {
  const { refLogProbs, values } = tokenBatch([row(0, 0, { kl: null, value: null })], 1);
  expect([refLogProbs, values]).toEqual([null, null]);
});

it('refuses two steps at once, and none', () => {
  expect(() => tokenBatch([row(0, 0), row(0, 0, { step: 3 })], 1)).toThrow('is 2, 3; expected one');
  expect(() => tokenBatch([], 1)).toThrow('is none; expected one');
});
