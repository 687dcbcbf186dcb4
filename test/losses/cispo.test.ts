import fc from 'fast-check';
import { it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { cispoLoss } from '../../lib/losses/cispo';
import { policyGradientLoss } from '../../lib/losses/policyGradient';
import { expectClose, expectCloseInScale } from '../close';
import { batch, expectGolden, lossAndGradient, tensor, tensors, tolerance } from './policyBatch';

const loss = (clipLow: number, clipHigh: number) => (logProbs: tf.Tensor2D) => {
  const { oldLogProbs, advantages, mask } = tensors(batch.response_advantages);
  return cispoLoss(logProbs, oldLogProbs, advantages, mask, { clipLow, clipHigh });
};

it("is verl's, with both bounds", () => {
  expectGolden('cispo_verl', loss(0.2, 0.28));
});

it("is TRL's, with an upper bound alone: its epsilon_high of 1.3 is the bound itself", () => {
  expectGolden('cispo_trl', loss(1, 0.3));
});

it('has the policy gradient where the policy is still the old one', () => {
  const { advantages, mask } = tensors(batch.response_advantages);
  const plain = lossAndGradient((x) => policyGradientLoss(x, advantages, mask), batch.old_log_probs);
  const own = lossAndGradient(loss(0.2, 0.2), batch.old_log_probs);
  expectClose(own.loss, plain.loss, tolerance);
  expectClose(own.gradient, plain.gradient, tolerance);
});

it('has the gradient −weight·Â/N also where the weight is clipped, on either side', () => {
  const { gradient } = tf.tidy(() =>
    lossAndGradient(
      (x) =>
        cispoLoss(x, tf.zeros([1, 3]), tf.tensor2d([[2, -1, 1]]), tf.ones([1, 3]), {
          clipLow: 0.2,
          clipHigh: 0.3,
        }),
      [[Math.log(5), Math.log(0.1), Math.log(1.1)]],
    ),
  );
  expectClose(gradient, [[(-1.3 * 2) / 3, 0.8 / 3, -1.1 / 3]], tolerance);
});

it('is the policy gradient with the clipped weights, held fixed, in front of the advantages', () => {
  const { oldLogProbs, advantages, mask } = tensors(batch.response_advantages);
  const weights = tf.tidy(() =>
    tf.tensor2d(batch.log_probs).sub<tf.Tensor2D>(oldLogProbs).exp().clipByValue(0.8, 1.28).mul(advantages),
  ) as tf.Tensor2D;
  const held = lossAndGradient((x) => policyGradientLoss(x, weights, mask));
  const own = lossAndGradient(loss(0.2, 0.28));
  expectCloseInScale(own.gradient, held.gradient, tolerance);
  expectCloseInScale(own.loss, held.loss, tolerance);
});

it('has a gradient at each token, of the weight’s size and the advantage’s sign, however far the ratio is', () => {
  // beyond 88 the ratio overflows
  const logProb = fc.integer({ min: -1000, max: 0 }).map((tenths) => tenths / 10);
  const advantage = fc.constantFrom(-2, -0.5, 0.5, 2);
  const row = <T>(one: fc.Arbitrary<T>) => fc.tuple(one, one, one);
  fc.assert(
    fc.property(row(logProb), row(logProb), row(advantage), (now, old, advantages) => {
      const told = tf.tidy(() =>
        lossAndGradient(
          (x) =>
            cispoLoss(x, tensor([old]), tensor([advantages]), tf.ones([1, 3]), {
              clipLow: 0.2,
              clipHigh: 0.3,
            }),
          [now],
        ),
      );
      const weights = now.map((value, t) => Math.min(1.3, Math.max(0.8, Math.exp(value - old[t]!))));
      const expected = weights.map((weight, t) => (-weight * advantages[t]!) / 3);
      // log-probs of size 100 are rounded by 4e-6, and the weight by as much of itself
      expectClose(told.gradient[0], expected, 1e-5);
    }),
    { numRuns: 25 },
  );
});
