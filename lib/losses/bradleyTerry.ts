import { tf } from '../engine/tensorflow';
import { onlyWhere } from './onlyWhere';

export interface BradleyTerryOptions {
  /** m, in nats, by which the better score has to lead: one for all pairs, or [R, K, K] one for each; 0 unless said. */
  readonly margin?: number | tf.Tensor3D;
  /** c, how strongly a pair's scores are drawn to the same distance from 0; 0 unless said. */
  readonly centering?: number;
}

/**
 * Bradley–Terry loss of rankings, to be minimized: the negative log-probability that the better of two wins.
 *   L = mean_r mean_{(w, l) in ranking r} −log σ(s_w − s_l − m) + c (s_w + s_l)²
 * The mean over the pairs of one ranking comes first, so that a long ranking does not outweigh a short one:
 * Ouyang et al. 2022 (InstructGPT), eq. 1, arXiv:2203.02155. The margin m: Touvron et al. 2023 (Llama 2), eq. 2,
 * arXiv:2307.09288. Only differences of scores mean something to the first term; the second fixes their level:
 * Eisenstein et al. 2023, section 2.2, arXiv:2312.09244, TRL's `center_rewards_coefficient`.
 * @param scores    [R, K] in nats; the only argument that gets a gradient
 * @param preferred [R, K, K] 1 at (r, i, j) where ranking r puts response i above response j, else 0; constant.
 *                  Ties and padding, whose scores may be anything, are 0 both ways; a ranking without a pair
 *                  adds a loss of 0.
 * @returns         scalar, mean over rankings
 */
export function bradleyTerryLoss(
  scores: tf.Tensor2D,
  preferred: tf.Tensor3D,
  { margin = 0, centering = 0 }: BradleyTerryOptions = {},
): tf.Scalar {
  return tf.tidy(() => {
    const [winners, losers] = [scores.expandDims(2), scores.expandDims(1)];
    const losses = tf.softplus(onlyWhere(preferred, winners.sub(losers).sub(margin)).neg());
    const levels = () => onlyWhere(preferred, winners.add(losers)).square().mul(centering);
    const all = centering === 0 ? losses : losses.add(levels());
    const pairs = preferred.sum([1, 2]).maximum(1);
    return all.mul(preferred).sum([1, 2]).div(pairs).mean() as tf.Scalar;
  });
}
