import { tf } from '../engine/tensorflow';
import { aggregate } from './aggregation';
import { cispo } from './cispo';
import { type ClippedSurrogateOptions, clippedSurrogate } from './clippedSurrogate';
import { importanceRatio } from './importanceRatio';
import { estimateKl, type KlClamp, type KlEstimator } from './klDivergence';
import { onlyWhere } from './onlyWhere';

export interface GroupRelativeOptions extends ClippedSurrogateOptions {
  /** PPO's clipped surrogate, or CISPO's clipped weight, for which dualClip and ratioCap are of no use. */
  readonly surrogate?: 'clipped' | 'cispo';
  /** β; 0 leaves the KL term out. */
  readonly klCoefficient: number;
  /** k3 unless said. */
  readonly klEstimator?: KlEstimator;
  /** Bounds on the estimate; none unless said. */
  readonly klClamp?: KlClamp | null;
  /**
   * 'ratio' multiplies the estimate by the ratio, so that its gradient is that of the KL though π_old sampled the
   * tokens: DeepSeek-AI 2025 (DeepSeek-V3.2), section 3.1, arXiv:2512.02556; TRL's `use_bias_correction_kl`.
   * 'none' unless said.
   */
  readonly klWeighting?: 'none' | 'ratio';
}

/**
 * The loss of each token under GRPO: surrogate, and β D_KL(π‖π_ref) where β is not 0.
 * @returns [B, T]
 */
export function groupRelative(
  logProbs: tf.Tensor2D,
  oldLogProbs: tf.Tensor2D,
  refLogProbs: tf.Tensor2D | null,
  advantages: tf.Tensor2D,
  mask: tf.Tensor2D,
  options: GroupRelativeOptions,
): tf.Tensor2D {
  const { ratio: level = 'token', klCoefficient, klEstimator = 'k3', klClamp = null } = options;
  return tf.tidy(() => {
    const counted = (values: tf.Tensor2D) => onlyWhere(mask, values);
    const ratio = importanceRatio(logProbs, oldLogProbs, mask, level);
    const surrogate =
      options.surrogate === 'cispo'
        ? cispo(logProbs, ratio, counted(advantages), options)
        : clippedSurrogate(ratio, counted(advantages), options);
    if (klCoefficient === 0) return surrogate;
    if (!refLogProbs)
      throw new Error(`klCoefficient is ${klCoefficient}, but there are no reference log-probs.`);
    const kl = estimateKl(counted(logProbs), counted(refLogProbs), klEstimator, klClamp);
    const weighted = options.klWeighting === 'ratio' ? kl.mul<tf.Tensor2D>(ratio) : kl;
    return surrogate.add(weighted.mul(klCoefficient));
  });
}

/**
 * GRPO's loss, to be minimized (the paper maximizes its negative).
 *   L(θ) = mean over groups and tokens of −min(ρ_it Â_i, clip(ρ_it, 1−ε, 1+ε) Â_i) + β D_KL(π‖π_ref)
 * Shao et al. 2024 (DeepSeekMath), eq. 3 and 4, arXiv:2402.03300, which averages over each response's tokens first:
 * the aggregation seq-mean-token-mean. With the ratio of the sequence it is GSPO's.
 * @param logProbs    [B, T] log π in nats; the only argument that gets a gradient
 * @param oldLogProbs [B, T] from the policy that sampled; constant
 * @param refLogProbs [B, T] from the reference policy, constant; null where β is 0
 * @param advantages  [B, T] the response's advantage at each of its tokens; constant
 * @param mask        [B, T] 1 on response tokens, 0 on padding
 */
export function groupRelativeLoss(
  logProbs: tf.Tensor2D,
  oldLogProbs: tf.Tensor2D,
  refLogProbs: tf.Tensor2D | null,
  advantages: tf.Tensor2D,
  mask: tf.Tensor2D,
  options: GroupRelativeOptions,
): tf.Scalar {
  const { aggregation = 'token-mean', maxLength } = options;
  return tf.tidy(() => {
    const losses = groupRelative(logProbs, oldLogProbs, refLogProbs, advantages, mask, options);
    return aggregate(losses, mask, aggregation, maxLength);
  });
}
