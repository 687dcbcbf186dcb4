import { tf } from '../engine/tensorflow';

/**
 * Bradley–Terry loss of rankings, to be minimized: the negative log-probability that the better of two wins.
 *   L = mean_r mean_{(w, l) in ranking r} −log σ(s_w − s_l − m)
 * The mean over the pairs of one ranking comes first, so that a long ranking does not outweigh a short one:
 * Ouyang et al. 2022 (InstructGPT), eq. 1, arXiv:2203.02155. The margin m: Touvron et al. 2023 (Llama 2), eq. 2,
 * arXiv:2307.09288.
 * @param scores    [R, K] in nats; the only argument that gets a gradient
 * @param preferred [R, K, K] 1 at (r, i, j) where ranking r puts response i above response j, else 0; constant.
 *                  Ties and padding are 0 both ways; a ranking without a pair adds a loss of 0.
 * @param margin    m, in nats, by which the better score has to lead
 * @returns         scalar, mean over rankings
 */
export function bradleyTerryLoss(scores: tf.Tensor2D, preferred: tf.Tensor3D, margin = 0): tf.Scalar {
  return tf.tidy(() => {
    const lead = scores.expandDims(2).sub(scores.expandDims(1)).sub(margin);
    const losses = tf.softplus(lead.neg()).mul(preferred).sum([1, 2]);
    const pairs = preferred.sum([1, 2]).maximum(1);
    return losses.div(pairs).mean() as tf.Scalar;
  });
}
