import { describe, expect, it } from 'vitest';
import { disposeRollout, type Rollout } from '../../../lib/algorithms/rollouts/rollout';
import { tf } from '../../../lib/engine/tensorflow';
import {
  compareWithLabels,
  logitRows,
  lossRows,
  stepRows,
} from '../../../lib/lessons/policyGradient/labelOrAdvantage';
import { softmax } from '../../../lib/math/softmax';
import type { NumberedStates } from '../../../lib/models/mlp';
import { smallPolicy } from '../../algorithms/smallPolicy';

const actions = ['4', '5', 'four'];
const logits = [1, 0.5, -0.5];

describe('logitRows', () => {
  it('has the same gradient, to the last bit, for a label and for an advantage of 1', () => {
    for (const row of logitRows(actions, logits, 0, 1)) {
      expect(row.advantage_by_hand).toBe(row.label_by_hand);
      expect(row.advantage_by_library).toBe(row.label_by_library);
      expect(row.label_by_library).toBeCloseTo(row.label_by_hand, 6);
    }
  });

  it('is π − y, and sums to 0', () => {
    const rows = logitRows(actions, logits, 1, -2);
    expect(rows.map(({ label_by_hand }) => label_by_hand)).toEqual(
      softmax(logits).map((p, i) => p - (i === 1 ? 1 : 0)),
    );
    expect(rows.reduce((sum, row) => sum + row.advantage_by_library, 0)).toBeCloseTo(0, 6);
  });

  it('refuses an action that is none', () => {
    expect(() => logitRows(actions, logits, 3, 1)).toThrow('taken is 3; expected a place from 0 to 2.');
  });
});

describe('stepRows', () => {
  const probabilityAfter = (advantage: number) =>
    stepRows(actions, logits, 0, advantage, 1).filter(({ when }) => when === 'after')[0]!.probability;

  it('makes the action likelier where its advantage is above 0, and rarer where it is below', () => {
    expect(probabilityAfter(1)).toBeGreaterThan(softmax(logits)[0]!);
    expect(probabilityAfter(0)).toBeCloseTo(softmax(logits)[0]!, 15);
    expect(probabilityAfter(-1)).toBeLessThan(softmax(logits)[0]!);
  });
});

it('draws losses of both signs that mirror each other', () => {
  const rows = lossRows();
  const half = rows.length / 2;
  for (let i = 0; i < half; i++) expect(rows[i]!.loss).toBe(-rows[half + i]!.loss);
});

/** Two trajectories of one action each: the first right, the second wrong. */
function twoResponses(rewards: readonly number[]): Rollout<NumberedStates> {
  const trajectory = (reward: number) => ({
    query: '',
    response: '',
    actions: ['a'],
    rewards: [reward],
    scores: {},
    ended: true,
  });
  return {
    states: { positions: tf.tensor2d([[0], [1]], undefined, 'int32') },
    actions: tf.tensor2d([[0], [1]], undefined, 'int32'),
    mask: tf.ones([2, 1]),
    logProbs: tf.zeros([2, 1]),
    trajectories: rewards.map(trajectory),
  };
}

describe('compareWithLabels', () => {
  it('is supervised learning on the right responses, and away from the wrong ones', () => {
    const policy = smallPolicy(
      [2, 2, 2],
      Array.from({ length: 12 }, (_, i) => Math.sin(i + 1)),
    );
    const rollout = twoResponses([1, 0]);
    const [right, reward, wrong] = compareWithLabels(policy, rollout);
    expect(right!.relative_difference).toBe(0);
    // half of the tokens are right, and the mean is over all
    expect(reward!.policy_gradient_norm / reward!.cross_entropy_norm).toBeCloseTo(0.5, 6);
    expect(reward!.cosine).toBeCloseTo(1, 6);
    expect(wrong!.cosine).toBeCloseTo(-1, 6);
    disposeRollout(rollout);
    policy.parameters.vector.dispose();
  });

  it('refuses a rollout in which nothing differs', () => {
    const policy = smallPolicy([2, 2, 2], new Array<number>(12).fill(0.1));
    const rollout = twoResponses([1, 1]);
    expect(() => compareWithLabels(policy, rollout)).toThrow('all responses of the rollout are alike');
    disposeRollout(rollout);
    policy.parameters.vector.dispose();
  });
});
