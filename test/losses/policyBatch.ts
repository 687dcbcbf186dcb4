/** One batch of responses, and what the peers' own losses make of it: the golden values of all policy losses. */
import { tf } from '../../lib/engine/tensorflow';
import { actionLogProbs } from '../../lib/models/categorical';
import { expectCloseInScale, numericalGradient } from '../close';
import golden from '../golden/policyLosses.json';
import goldenByLogits from '../golden/policyLossesByLogits.json';

/** Float32 rounds by 6e-8; losses and gradients of a few dozen tokens, through an exponential and a sum, by some 1e-6. */
export const tolerance = 2e-6;

export const { batch, losses } = golden;
export const [responses, steps] = [batch.mask.length, batch.mask[0]!.length] as const;

export const tensor = (rows: readonly (readonly number[])[]) => tf.tensor2d(rows as number[][]);
export const atEachToken = (numbers: readonly number[]) =>
  numbers.map((value) => new Array<number>(steps).fill(value));

/** The batch as tensors; an advantage is one a token or one a response. */
export function tensors(advantages: readonly number[] | readonly (readonly number[])[]) {
  const rows =
    typeof advantages[0] === 'number' ? atEachToken(advantages as number[]) : (advantages as number[][]);
  return {
    oldLogProbs: tensor(batch.old_log_probs),
    refLogProbs: tensor(batch.ref_log_probs),
    mask: tensor(batch.mask),
    advantages: tensor(rows),
  };
}

/** A loss of the log-probs [B, T], and its gradient by them. */
export function lossAndGradient(
  f: (logProbs: tf.Tensor2D) => tf.Scalar,
  logProbs: readonly (readonly number[])[] = batch.log_probs,
): { loss: number; gradient: number[][] } {
  return tf.tidy(() => {
    const { value, grad } = tf.valueAndGrad((x) => f(x as tf.Tensor2D))(tensor(logProbs));
    return { loss: value.dataSync()[0]!, gradient: grad.arraySync() as number[][] };
  });
}

/** The peer's loss, and its gradients by the log-probs and by the logits that they come from. */
export function expectGolden(name: keyof typeof losses, f: (logProbs: tf.Tensor2D) => tf.Scalar): void {
  tf.tidy(() => {
    const { loss, gradient } = lossAndGradient(f);
    expectCloseInScale(loss, losses[name].loss, tolerance);
    expectCloseInScale(gradient, losses[name].dloss_dlogprob, tolerance);
    const tokens = tf.tensor2d(batch.tokens, undefined, 'int32');
    const byLogits = tf.grad((logits) => f(actionLogProbs(logits as tf.Tensor3D, tokens)));
    const atLogits = byLogits(tf.tensor3d(batch.logits)).arraySync();
    expectCloseInScale(atLogits, goldenByLogits[name].dloss_dlogits, tolerance);
  });
}

/** Compares a loss's gradient on two responses of two tokens with central differences. */
export function expectCentralDifferences(
  f: (logProbs: tf.Tensor2D) => tf.Scalar,
  logProbs: readonly number[],
): void {
  const rows = (x: readonly number[]) => [x.slice(0, 2), x.slice(2)];
  const at = (x: readonly number[]) => tf.tidy(() => f(tensor(rows(x))).dataSync()[0]!);
  const { gradient } = lossAndGradient(f, rows(logProbs));
  // losses of size 1 are rounded by 6e-8: 1.5 · 6e-8 over the step, beside which the step's fourth power is nothing
  expectCloseInScale(gradient, numericalGradient(at, logProbs, 0.02), 3e-5);
}

/** Inputs of the same size for central differences: away from every kink of a clip at 0.2. */
export const small = {
  logProbs: [-0.9, -1.4, -0.4, -2.1],
  oldLogProbs: [
    [-1.0, -1.35],
    [-0.9, -2.15],
  ],
  refLogProbs: [
    [-1.2, -1.0],
    [-0.5, -1.9],
  ],
  advantages: [
    [0.7, -1.1],
    [1.3, 0.4],
  ],
  mask: [
    [1, 1],
    [1, 0],
  ],
} as const;

export function smallTensors() {
  const { oldLogProbs, refLogProbs, advantages, mask } = small;
  return {
    oldLogProbs: tensor(oldLogProbs),
    refLogProbs: tensor(refLogProbs),
    advantages: tensor(advantages),
    mask: tensor(mask),
  };
}
