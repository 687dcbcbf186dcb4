import { tf } from '../engine/tensorflow';
import { aggregate } from './aggregation';
import { importanceRatio } from './importanceRatio';
import { onlyWhere } from './onlyWhere';

/** The loss of each token under TRPO's surrogate, −ρ Â: [B, T]. */
export function surrogate(ratio: tf.Tensor2D, advantages: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => ratio.mul<tf.Tensor2D>(advantages).neg());
}

/**
 * TRPO's surrogate, to be minimized (the paper maximizes its negative).
 *   L(θ) = −mean_t ρ_t Â_t,  ρ_t = π(a_t|s_t) / π_old(a_t|s_t)
 * Schulman et al. 2015, eq. 14, arXiv:1502.05477. At ρ = 1 its gradient is the policy gradient.
 * @param logProbs    [B, T] log π in nats; the only argument that gets a gradient
 * @param oldLogProbs [B, T] from the policy that sampled; constant
 * @param advantages  [B, T] constant
 * @param mask        [B, T] 1 on actions taken
 */
export function surrogateLoss(
  logProbs: tf.Tensor2D,
  oldLogProbs: tf.Tensor2D,
  advantages: tf.Tensor2D,
  mask: tf.Tensor2D,
): tf.Scalar {
  return tf.tidy(() => {
    const ratio = importanceRatio(logProbs, oldLogProbs, mask, 'token');
    return aggregate(surrogate(ratio, onlyWhere(mask, advantages)), mask, 'token-mean');
  });
}
