import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { cispoLoss } from '../../lib/losses/cispo';
import { clippedSurrogateLoss } from '../../lib/losses/clippedSurrogate';
import { directPreferenceLoss } from '../../lib/losses/directPreference';
import { groupRelativeLoss } from '../../lib/losses/groupRelative';
import { estimateKl } from '../../lib/losses/klDivergence';
import { stopGradient } from '../../lib/losses/stopGradient';
import { surrogateLoss } from '../../lib/losses/surrogate';

it('leaves the numbers as they are, and takes their gradient away', () => {
  tf.tidy(() => {
    const x = tf.tensor1d([2, -3]);
    expect(Array.from(stopGradient(x).dataSync())).toEqual([2, -3]);
    const gradient = tf.grad((at) => at.mul(stopGradient(at)).sum())(x);
    // of x², half of it
    expect(Array.from(gradient.dataSync())).toEqual([2, -3]);
  });
});

it('leaves no tensor behind', () => {
  const x = tf.tensor1d([1]);
  const before = tf.memory().numTensors;
  tf.grad((at) => at.mul(stopGradient(at)).sum())(x).dispose();
  expect(tf.memory().numTensors).toBe(before);
  x.dispose();
});

/** Losses that take for constant what is often at hand as one and the same tensor: the policy's own log-probs. */
const losses: Readonly<Record<string, (x: tf.Tensor2D, constant: tf.Tensor2D) => tf.Tensor>> = {
  surrogateLoss: (x, old) => surrogateLoss(x, old, advantages(), mask()),
  'clippedSurrogateLoss by token': (x, old) => clippedSurrogateLoss(x, old, advantages(), mask(), clip),
  'clippedSurrogateLoss by response': (x, old) =>
    clippedSurrogateLoss(x, old, advantages(), mask(), { ...clip, ratio: 'sequence' }),
  cispoLoss: (x, old) => cispoLoss(x, old, advantages(), mask(), clip),
  groupRelativeLoss: (x, old) =>
    groupRelativeLoss(x, old, tf.zerosLike(x), advantages(), mask(), { ...clip, klCoefficient: 0.1 }),
  directPreferenceLoss: (x, ref) =>
    directPreferenceLoss(
      { logProbs: x, refLogProbs: ref, mask: mask() },
      { logProbs: tf.zerosLike(x), refLogProbs: tf.zerosLike(x), mask: mask() },
      { beta: 0.1, form: 'sigmoid' },
    ),
  k1: (x, ref) => estimateKl(x, ref, 'k1').sum(),
};
const clip = { clipLow: 0.2, clipHigh: 0.2 };
const advantages = () => tf.tensor2d([[1, -2]]);
const mask = () => tf.ones<tf.Rank.R2>([1, 2]);

describe.each(Object.entries(losses))('%s', (_, loss) => {
  const gradient = (f: (x: tf.Tensor2D) => tf.Tensor) =>
    tf.tidy(() =>
      Array.from(
        tf
          .grad((x) => f(x as tf.Tensor2D))(tf.tensor2d([[-0.5, -1.5]]))
          .dataSync(),
      ),
    );

  it('has the same gradient for the same tensor as for another with its numbers, be it made within the gradient', () => {
    const other = gradient((x) => loss(x, tf.tensor2d([[-0.5, -1.5]])));
    expect(other.every((slope) => Math.abs(slope) > 0)).toBe(true);
    expect(gradient((x) => loss(x, x))).toEqual(other);
    expect(gradient((x) => loss(x, x.add(1).sub(1)))).toEqual(other);
  });
});
