/** The distribution over actions that logits stand for: π(a|s) = softmax(logits(s))_a. */
import { tf } from '../engine/tensorflow';

/**
 * log π(aₜ|sₜ) of given actions.
 * @param logits  [B, T, A], A at least 2; the only argument that gets a gradient
 * @param actions [B, T] int32
 * @returns       [B, T] in nats
 */
export function actionLogProbs(logits: tf.Tensor3D, actions: tf.Tensor2D): tf.Tensor2D {
  // a product with one-hot rows rather than a look-up: wasm has no kernel for a look-up's gradient
  return tf.tidy(() => tf.logSoftmax(logits).mul(tf.oneHot(actions, logits.shape[2])).sum(-1));
}

/**
 * The entropy of each step's distribution, −Σ_a π log π: 0 where one action is certain, log A where all are alike.
 * @param logits [B, T, A]
 * @returns      [B, T] in nats
 */
export function actionEntropy(logits: tf.Tensor3D): tf.Tensor2D {
  return tf.tidy(() => tf.softmax(logits).mul(tf.logSoftmax(logits)).sum(-1).neg() as tf.Tensor2D);
}
