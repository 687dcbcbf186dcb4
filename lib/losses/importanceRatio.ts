import { tf } from '../engine/tensorflow';
import { onlyWhere } from './onlyWhere';
import { stopGradient } from './stopGradient';

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
 * It overflows above a log-ratio of 88. What a clip then holds has the gradient 0 nevertheless; the loss of anything
 * else is infinite. verl cuts the log-ratio to ±20, where it no longer has a gradient; here nothing is cut, as in TRL.
 * @param logProbs    [B, T] log π, in nats; the only argument that gets a gradient
 * @param oldLogProbs [B, T] of the policy that sampled; constant, so that it may be the same tensor as logProbs
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
    const logRatio = onlyWhere(mask, logProbs.sub<tf.Tensor2D>(stopGradient(oldLogProbs)));
    if (level === 'token') return exponential(logRatio);
    const sum = logRatio.sum(1, true);
    const ofResponse = level === 'sequence' ? sum.div(mask.sum(1, true).maximum(1)) : sum;
    return exponential(ofResponse.mul<tf.Tensor2D>(mask));
  });
}

/** e^x, whose gradient of 0 stays 0 where e^x overflows: 0 · ∞ is not a number. */
function exponential(x: tf.Tensor2D): tf.Tensor2D {
  const exp = tf.customGrad((at, save) => {
    const value = (at as tf.Tensor2D).exp();
    (save as (kept: tf.Tensor[]) => void)([value]);
    return {
      value,
      gradFunc: (upstream: tf.Tensor, saved: tf.Tensor[]) =>
        tf.where(upstream.equal(0), upstream, upstream.mul(saved[0]!)),
    };
  });
  return exp(x) as tf.Tensor2D;
}
