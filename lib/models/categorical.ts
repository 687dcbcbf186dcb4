/** The distribution over actions that logits stand for: π(a|s) = softmax(logits(s))_a. */
import { tokenLogProbs } from '../engine/kernels/logProbs';
import { tf } from '../engine/tensorflow';

/**
 * log π(aₜ|sₜ) of given actions.
 * @param logits  [B, T, A], A at least 2; the only argument that gets a gradient
 * @param actions [B, T] int32
 * @returns       [B, T] in nats
 */
export function actionLogProbs(logits: tf.Tensor3D, actions: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const [batch, steps, choices] = logits.shape;
    const flat = tokenLogProbs(logits.reshape([batch * steps, choices]), actions.flatten());
    return flat.reshape([batch, steps]);
  });
}

/**
 * The entropy of each step's distribution, −Σ_a π log π: 0 where one action is certain, log A where all are alike.
 * @param logits [B, T, A]
 * @returns      [B, T] in nats
 */
export function actionEntropy(logits: tf.Tensor3D): tf.Tensor2D {
  return tf.tidy(() => tf.softmax(logits).mul(tf.logSoftmax(logits)).sum(-1).neg() as tf.Tensor2D);
}
