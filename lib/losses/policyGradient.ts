import { tf } from '../engine/tensorflow';
import { type Aggregation, aggregate } from './aggregation';
import { onlyWhere } from './onlyWhere';

/**
 * The policy gradient's loss, to be minimized: the cross-entropy of the actions taken, each weighted by its advantage.
 *   L(θ) = −mean_t Â_t log π(a_t|s_t),  so that ∇L = −E[Â ∇log π]
 * Williams 1992 (REINFORCE); Sutton & Barto 2018, eq. 13.11. Supervised learning is the case where each Â is 1.
 * @param logProbs   [B, T] log π(a_t|s_t) in nats; the only argument that gets a gradient
 * @param advantages [B, T] reward minus baseline; constant
 * @param mask       [B, T] 1 on response tokens, 0 on padding
 */
export function policyGradientLoss(
  logProbs: tf.Tensor2D,
  advantages: tf.Tensor2D,
  mask: tf.Tensor2D,
  aggregation: Aggregation = 'token-mean',
): tf.Scalar {
  return tf.tidy(() => {
    const weighted = logProbs.mul<tf.Tensor2D>(onlyWhere(mask, advantages));
    return aggregate(weighted.neg(), mask, aggregation);
  });
}
