import { tf } from '../engine/tensorflow';
import { onlyWhere } from './onlyWhere';

/**
 * Plackett–Luce loss of whole rankings, to be minimized: the negative log-probability of choosing the best response
 * among all, then the second best among the others, and so on.
 *   L = mean_r Σ_k [logsumexp(s_(k), …, s_(K)) − s_(k)],  s_(1) the best response's score
 * Plackett 1975, "The analysis of permutations"; Xia et al. 2008 (ListMLE). With two responses it is Bradley–Terry.
 * @param scores    [R, K] in nats; the only argument that gets a gradient
 * @param remaining [R, K, K] 1 at (r, i, j) where response j could still be chosen when i was, i itself among them,
 *                  else 0; constant. A response that is never chosen has a row of zeros; one that never could be, such
 *                  as padding, has a column of zeros too, and its score may be anything.
 * @returns         scalar, mean over rankings
 */
export function plackettLuceLoss(scores: tf.Tensor2D, remaining: tf.Tensor3D): tf.Scalar {
  return tf.tidy(() => {
    const chosen = remaining.max(2);
    const gone = tf.sub(1, remaining).mul(-1e9);
    const spread = scores.expandDims(1).add(tf.zerosLike(remaining));
    const candidates = onlyWhere(remaining, spread).add(gone);
    const losses = tf.logSumExp(candidates, -1).sub(scores);
    return onlyWhere(chosen, losses).sum(1).mean() as tf.Scalar;
  });
}
