import fc from 'fast-check';
import { describe, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { crossEntropyLoss } from '../../lib/losses/crossEntropy';
import { policyGradientLoss } from '../../lib/losses/policyGradient';
import { surrogateLoss } from '../../lib/losses/surrogate';
import { actionLogProbs } from '../../lib/models/categorical';
import { expectClose } from '../close';
import {
  batch,
  expectCentralDifferences,
  lossAndGradient,
  small,
  smallTensors,
  tensors,
  tolerance,
} from './policyBatch';

it('has the gradient −Â/N', () => {
  const { advantages, mask } = tensors(batch.token_advantages);
  const { gradient } = lossAndGradient((x) => policyGradientLoss(x, advantages, mask));
  const tokens = batch.mask.flat().reduce((a, b) => a + b);
  const expected = batch.token_advantages.map((row, b) =>
    row.map((advantage, t) => (batch.mask[b]![t]! * -advantage) / tokens),
  );
  expectClose(gradient, expected, tolerance);
});

it('has the gradient of its central differences', () => {
  const { advantages, mask } = smallTensors();
  expectCentralDifferences((x) => policyGradientLoss(x, advantages, mask), small.logProbs);
});

it('is supervised learning where each advantage is 1: the cross-entropy, with its gradient by the logits', () => {
  tf.tidy(() => {
    const logits = tf.tensor3d(batch.logits);
    const actions = tf.tensor2d(batch.tokens, undefined, 'int32');
    const mask = tf.tensor2d(batch.mask);
    const policy = tf.valueAndGrad((z) =>
      policyGradientLoss(actionLogProbs(z as tf.Tensor3D, actions), tf.onesLike(mask), mask),
    )(logits);
    const supervised = tf.valueAndGrad((z) => crossEntropyLoss(z as tf.Tensor3D, actions, mask))(logits);
    expectClose(policy.value.dataSync()[0], supervised.value.dataSync()[0], tolerance);
    expectClose(policy.grad.arraySync(), supervised.grad.arraySync(), tolerance);
  });
});

it("has the surrogate's gradient where the policy is still the old one", () => {
  const { oldLogProbs, advantages, mask } = tensors(batch.token_advantages);
  const surrogate = lossAndGradient(
    (x) => surrogateLoss(x, oldLogProbs, advantages, mask),
    batch.old_log_probs,
  );
  const plain = lossAndGradient((x) => policyGradientLoss(x, advantages, mask), batch.old_log_probs);
  expectClose(surrogate.gradient, plain.gradient, tolerance);
  // with ρ = 1 the surrogate is the mean advantage
  const on = batch.mask.flat();
  const mean = batch.token_advantages.flat().reduce((sum, a, i) => sum + a * on[i]!, 0);
  expectClose(surrogate.loss, -mean / on.reduce((a, b) => a + b), tolerance);
});

describe('crossEntropyLoss', () => {
  it('is log A where all actions are alike, and 0 where the target is certain', () => {
    tf.tidy(() => {
      const targets = tf.tensor2d([[1, 3]], undefined, 'int32');
      const mask = tf.ones<tf.Rank.R2>([1, 2]);
      expectClose(crossEntropyLoss(tf.zeros([1, 2, 5]), targets, mask).dataSync()[0], Math.log(5), tolerance);
      const sure = tf.oneHot(targets, 5).mul<tf.Tensor3D>(100);
      expectClose(crossEntropyLoss(sure, targets, mask).dataSync()[0], 0, tolerance);
    });
  });

  it('has the gradient (softmax − one-hot)/N on targets that count, and 0 elsewhere', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 6, maxLength: 6 }),
        (numbers) => {
          tf.tidy(() => {
            const logits = tf.tensor3d([[numbers.slice(0, 3), numbers.slice(3)]]);
            const targets = tf.tensor2d([[2, 0]], undefined, 'int32');
            const gradient = tf
              .grad((z) => crossEntropyLoss(z as tf.Tensor3D, targets, tf.tensor2d([[1, 0]])))(logits)
              .arraySync() as number[][][];
            const weights = numbers.slice(0, 3).map(Math.exp);
            const total = weights.reduce((a, b) => a + b);
            expectClose(
              gradient[0]![0],
              weights.map((w, a) => w / total - (a === 2 ? 1 : 0)),
              tolerance,
            );
            expectClose(gradient[0]![1], [0, 0, 0], 0);
          });
        },
      ),
      { numRuns: 20 },
    );
  });
});

it('surrogateLoss has the gradient of its central differences', () => {
  const { oldLogProbs, advantages, mask } = smallTensors();
  expectCentralDifferences((x) => surrogateLoss(x, oldLogProbs, advantages, mask), small.logProbs);
});
