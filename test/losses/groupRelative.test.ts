import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { cispoLoss } from '../../lib/losses/cispo';
import { clippedSurrogateLoss } from '../../lib/losses/clippedSurrogate';
import { type GroupRelativeOptions, groupRelativeLoss } from '../../lib/losses/groupRelative';
import { expectClose } from '../close';
import {
  batch,
  expectCentralDifferences,
  expectGolden,
  lossAndGradient,
  small,
  smallTensors,
  tensor,
  tensors,
  tolerance,
} from './policyBatch';

const usual = { clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0.04 };

const loss = (options: GroupRelativeOptions) => (logProbs: tf.Tensor2D) => {
  const { oldLogProbs, refLogProbs, advantages, mask } = tensors(batch.response_advantages);
  return groupRelativeLoss(logProbs, oldLogProbs, refLogProbs, advantages, mask, options);
};

describe('golden values', () => {
  it.each(['token-mean', 'seq-mean-token-mean', 'seq-mean-token-sum-norm'] as const)(
    "TRL's GRPO by %s",
    (aggregation) => {
      expectGolden(`grpo_loss_k3_${aggregation}`, loss({ ...usual, aggregation }));
    },
  );

  it("TRL's first update, at which the policy is the old one and the ratio 1", () => {
    expectGolden('grpo_loss_on_policy', (logProbs) => {
      const { refLogProbs, advantages, mask } = tensors(batch.response_advantages);
      const same = tensor(batch.log_probs);
      return groupRelativeLoss(logProbs, same, refLogProbs, advantages, mask, usual);
    });
  });
});

it('is a loss of 0 with a gradient that is not, where advantages sum to 0 and the ratio is 1', () => {
  const { loss: value, gradient } = tf.tidy(() =>
    lossAndGradient(
      (x) =>
        groupRelativeLoss(x, tf.tensor2d([[-1], [-2]]), null, tf.tensor2d([[1], [-1]]), tf.ones([2, 1]), {
          ...usual,
          klCoefficient: 0,
        }),
      [[-1], [-2]],
    ),
  );
  expect(Math.abs(value)).toBe(0);
  expectClose(gradient, [[-0.5], [0.5]], tolerance);
});

it('without a KL term is the clipped surrogate, or CISPO where that is asked for', () => {
  const { oldLogProbs, advantages, mask } = tensors(batch.response_advantages);
  const clipped = lossAndGradient((x) => clippedSurrogateLoss(x, oldLogProbs, advantages, mask, usual));
  const own = lossAndGradient(loss({ ...usual, klCoefficient: 0 }));
  expect(own).toEqual(clipped);
  const cispo = lossAndGradient((x) => cispoLoss(x, oldLogProbs, advantages, mask, usual));
  expect(lossAndGradient(loss({ ...usual, klCoefficient: 0, surrogate: 'cispo' }))).toEqual(cispo);
});

it.each([{}, { ratio: 'sequence' }, { klEstimator: 'k2' }, { klEstimator: 'k1' }] as const)(
  'has the gradient of its central differences with %j',
  (options) => {
    const { oldLogProbs, refLogProbs, advantages, mask } = smallTensors();
    expectCentralDifferences(
      (x) =>
        groupRelativeLoss(x, oldLogProbs, refLogProbs, advantages, mask, {
          ...usual,
          klCoefficient: 0.5,
          ...options,
        }),
      small.logProbs,
    );
  },
);

it('refuses a KL term without a reference', () => {
  const { oldLogProbs, advantages, mask } = smallTensors();
  expect(() => groupRelativeLoss(oldLogProbs, oldLogProbs, null, advantages, mask, usual)).toThrow(
    'klCoefficient is 0.04, but there are no reference log-probs',
  );
});
