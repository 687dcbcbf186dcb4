import { tf } from '../engine/tensorflow';

/**
 * Estimates of KL(π‖π_ref) from tokens that π sampled, each from d = log π − log π_ref:
 *   k1 = d;  k2 = d²/2;  k3 = e^(−d) + d − 1
 * Schulman 2020, "Approximating KL divergence". k1 and k3 are unbiased, k3 is never negative; k2 is biased, but its
 * gradient is that of the KL in expectation. k3+ has k3's value and k2's gradient, as in verl.
 */
export type KlEstimator = 'k1' | 'k2' | 'k3' | 'k3+';

export interface KlClamp {
  /** d is cut to ± this. */
  readonly logRatio: number;
  /** The estimate is cut to ± this. */
  readonly estimate: number;
}

/**
 * @param logProbs    [B, T] log π in nats; the only argument that gets a gradient
 * @param refLogProbs [B, T] log π_ref; constant
 * @param clamp       bounds k3, whose exponential overflows at d = −89: verl cuts d to ±20 and the estimate to ±10
 * @returns           [B, T] in nats
 */
export function estimateKl(
  logProbs: tf.Tensor2D,
  refLogProbs: tf.Tensor2D,
  estimator: KlEstimator,
  clamp: KlClamp | null = null,
): tf.Tensor2D {
  return tf.tidy(() => {
    const d = logProbs.sub<tf.Tensor2D>(refLogProbs);
    switch (estimator) {
      case 'k1':
        return d;
      case 'k2':
        return d.square().div<tf.Tensor2D>(2);
      case 'k3':
        return k3(d, clamp);
      case 'k3+':
        return straightThrough(d, clamp);
    }
  });
}

/** expm1 keeps the digits that e^(−d) − 1 would lose near 0. */
function k3(d: tf.Tensor2D, clamp: KlClamp | null): tf.Tensor2D {
  if (!clamp) return d.neg().expm1().add<tf.Tensor2D>(d);
  const bounded = d.clipByValue(-clamp.logRatio, clamp.logRatio);
  const estimate = bounded.neg().expm1().add<tf.Tensor2D>(bounded);
  return estimate.clipByValue(-clamp.estimate, clamp.estimate) as tf.Tensor2D;
}

/** The value of k3 with the gradient of k2, d·ḋ. */
function straightThrough(d: tf.Tensor2D, clamp: KlClamp | null): tf.Tensor2D {
  const estimate = tf.customGrad((x, save) => {
    const difference = x as tf.Tensor2D;
    (save as (kept: tf.Tensor[]) => void)([difference]);
    return {
      value: k3(difference, clamp),
      gradFunc: (upstream: tf.Tensor, saved: tf.Tensor[]) => upstream.mul(saved[0]!),
    };
  });
  return estimate(d) as tf.Tensor2D;
}

/**
 * The exact KL(p‖q) of each step's distribution over actions, Σ_a p_a (log p_a − log q_a).
 * @param logits      [B, T, A] of p; gets a gradient
 * @param otherLogits [B, T, A] of q; gets a gradient too
 * @returns           [B, T] in nats, never negative but for rounding
 */
export function exactKl(logits: tf.Tensor3D, otherLogits: tf.Tensor3D): tf.Tensor2D {
  return tf.tidy(() => {
    const difference = tf.logSoftmax(logits).sub(tf.logSoftmax(otherLogits));
    return tf.softmax(logits).mul(difference).sum(-1) as tf.Tensor2D;
  });
}
