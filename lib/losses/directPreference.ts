import { tf } from '../engine/tensorflow';
import { onlyWhere } from './onlyWhere';
import { stopGradient } from './stopGradient';

/** What policy and reference say of one side of B preferences. */
export interface PreferenceSide {
  /** [B, T] log π of the response's tokens, in nats; gets a gradient */
  readonly logProbs: tf.Tensor2D;
  /** [B, T] log π_ref; constant */
  readonly refLogProbs: tf.Tensor2D;
  /** [B, T] 1 on response tokens, 0 on padding */
  readonly mask: tf.Tensor2D;
}

export interface DirectPreferenceOptions {
  /** β: how strongly the policy is held to the reference. */
  readonly beta: number;
  /**
   * With h = h_w − h_l, each the log-ratio of a whole response:
   * - sigmoid: −(1−ε) log σ(βh) − ε log σ(−βh).  Rafailov et al. 2023, eq. 7, arXiv:2305.18290
   * - robust:  [−(1−ε) log σ(βh) + ε log σ(−βh)] / (1−2ε).  Chowdhury et al. 2024, arXiv:2403.00409
   * - hinge:   max(0, 1 − βh).  Zhao et al. 2023 (SLiC), arXiv:2305.10425
   * - ipo:     (h − 1/(2β))², the log-ratios averaged over tokens as in TRL.  Azar et al. 2023, arXiv:2310.12036
   */
  readonly form: 'sigmoid' | 'robust' | 'hinge' | 'ipo';
  /** ε in [0, ½), the share of preferences thought to be the wrong way round; 0 unless said. Not for hinge and ipo. */
  readonly labelSmoothing?: number;
}

/**
 * Direct preference optimization (DPO), to be minimized: a language model learns from preferences without a reward
 * model and without sampling, since the log-ratio to the reference is itself a reward, r = β log π/π_ref.
 * @returns scalar, mean over preferences
 */
export function directPreferenceLoss(
  chosen: PreferenceSide,
  rejected: PreferenceSide,
  { beta, form, labelSmoothing = 0 }: DirectPreferenceOptions,
): tf.Scalar {
  return tf.tidy(() => {
    const lead = responseLogRatio(chosen, form).sub(responseLogRatio(rejected, form));
    const right = tf.softplus(lead.mul(-beta));
    const wrong = tf.softplus(lead.mul(beta));
    switch (form) {
      case 'sigmoid':
        return right
          .mul(1 - labelSmoothing)
          .add(wrong.mul(labelSmoothing))
          .mean() as tf.Scalar;
      case 'robust':
        return right
          .mul(1 - labelSmoothing)
          .sub(wrong.mul(labelSmoothing))
          .div(1 - 2 * labelSmoothing)
          .mean() as tf.Scalar;
      case 'hinge':
        return tf.relu(tf.sub(1, lead.mul(beta))).mean() as tf.Scalar;
      case 'ipo':
        return lead
          .sub(1 / (2 * beta))
          .square()
          .mean() as tf.Scalar;
    }
  });
}

/** log π(o|q) − log π_ref(o|q) of whole responses, [B]; for ipo a token. */
function responseLogRatio(
  { logProbs, refLogProbs, mask }: PreferenceSide,
  form: DirectPreferenceOptions['form'],
): tf.Tensor1D {
  const sum = onlyWhere(mask, logProbs.sub(stopGradient(refLogProbs))).sum<tf.Tensor1D>(1);
  return form === 'ipo' ? sum.div(mask.sum(1).maximum(1)) : sum;
}
