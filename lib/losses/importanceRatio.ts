import { tf } from '../engine/tensorflow';

/**
 * Of what the ratio is taken: each token; the whole response, as the geometric mean over its tokens (GSPO); or the
 * whole response as the product over its tokens (RLOO in TRL).
 */
export type RatioLevel = 'token' | 'sequence' | 'sequence-sum';

/**
 * The ratio of new to old probability, the importance weight of a sample.
 *   token:        ρ_t = π(a_t|s_t) / π_old(a_t|s_t)
 *   sequence:     s = (π(o|q) / π_old(o|q))^(1/|o|).  Zheng et al. 2025 (GSPO), eq. 7, arXiv:2507.18071
 *   sequence-sum: π(o|q) / π_old(o|q)
 * @param logProbs    [B, T] log π, in nats; the only argument that gets a gradient
 * @param oldLogProbs [B, T] of the policy that sampled; constant, and another tensor than logProbs
 * @param mask        [B, T] 1 on the response's tokens
 * @returns           [B, T], 1 where masked; a response's ratio stands at each of its tokens
 */
export function importanceRatio(
  logProbs: tf.Tensor2D,
  oldLogProbs: tf.Tensor2D,
  mask: tf.Tensor2D,
  level: RatioLevel,
): tf.Tensor2D {
  return tf.tidy(() => {
    const on = mask.greater(0);
    const zeros = tf.zerosLike(mask);
    const logRatio = tf.where(on, logProbs, zeros).sub<tf.Tensor2D>(tf.where(on, oldLogProbs, zeros));
    if (level === 'token') return logRatio.exp();
    const sum = logRatio.sum(1, true);
    const ofResponse = level === 'sequence' ? sum.div(mask.sum(1, true).maximum(1)) : sum;
    return ofResponse.mul<tf.Tensor2D>(mask).exp();
  });
}
