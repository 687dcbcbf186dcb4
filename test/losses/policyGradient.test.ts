import fc from 'fast-check';
import { it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { crossEntropyLoss } from '../../lib/losses/crossEntropy';
import { policyGradientLoss } from '../../lib/losses/policyGradient';
import { surrogateLoss } from '../../lib/losses/surrogate';
import { actionLogProbs } from '../../lib/models/categorical';
import { expectClose, expectCloseInScale } from '../close';
import golden from '../golden/estimators.json';
import {
  batch,
  expectCentralDifferences,
  lossAndGradient,
  small,
  smallTensors,
  tensor,
  tensors,
  tolerance,
} from './policyBatch';

it.each([
  ['policy_gradient', (x, _, advantages, mask) => policyGradientLoss(x, advantages, mask)],
  ['surrogate', surrogateLoss],
] as [keyof typeof golden & ('policy_gradient' | 'surrogate'), typeof surrogateLoss][])(
  "%s has the peer's loss and gradient: verl's, sb3-contrib's",
  (name, loss) => {
    const { inputs, outputs } = golden[name];
    const told = tf.tidy(() =>
      lossAndGradient(
        (x) => loss(x, tensor(inputs.old_log_probs), tensor(inputs.advantages), tensor(inputs.mask)),
        inputs.log_probs,
      ),
    );
    expectCloseInScale(told.loss, outputs.loss, tolerance);
    expectCloseInScale(told.gradient, outputs.gradient, tolerance);
  },
);

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

it('has the same expected gradient with any baseline: E[b ∇log π] is 0', () => {
  const number = fc.float({ min: -3, max: 3, noNaN: true });
  const four = fc.array(number, { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(four, four, number, (logits, rewards, baseline) => {
      /** Over all actions, each as often as the policy takes it. */
      const expected = (b: number) =>
        tf.tidy(() => {
          const z = tf.tensor2d([logits]);
          const weights = tf.softmax(z).mul<tf.Tensor2D>(tf.tensor2d([rewards.map((reward) => reward - b)]));
          const loss = (x: tf.Tensor) =>
            policyGradientLoss(tf.logSoftmax(x as tf.Tensor2D), weights, tf.onesLike(z), 'token-sum');
          return Array.from(tf.grad(loss)(z).dataSync());
        });
      // sums of four numbers of size up to 6
      expectClose(expected(baseline), expected(0), 4e-6);
    }),
    { numRuns: 25 },
  );
});

it('surrogateLoss has the gradient of its central differences', () => {
  const { oldLogProbs, advantages, mask } = smallTensors();
  expectCentralDifferences((x) => surrogateLoss(x, oldLogProbs, advantages, mask), small.logProbs);
});
