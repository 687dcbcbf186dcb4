import { tf } from '../engine/tensorflow';
import { aggregate } from './aggregation';
import { cispo } from './cispo';
import { type ClippedSurrogateOptions, clippedSurrogate } from './clippedSurrogate';
import { importanceRatio } from './importanceRatio';
import { estimateKl, type KlClamp, type KlEstimator } from './klDivergence';

export interface GroupRelativeOptions extends ClippedSurrogateOptions {
  /** PPO's clipped surrogate, or CISPO's clipped weight, for which dualClip and ratioCap are of no use. */
  readonly surrogate?: 'clipped' | 'cispo';
  /** β; 0 leaves the KL term out. */
  readonly klCoefficient: number;
  /** k3 unless said. */
  readonly klEstimator?: KlEstimator;
  /** Bounds on the estimate; none unless said. */
  readonly klClamp?: KlClamp | null;
}

/**
 * GRPO's loss, to be minimized (the paper maximizes its negative).
 *   L(θ) = mean over groups and tokens of −min(ρ_it Â_i, clip(ρ_it, 1−ε, 1+ε) Â_i) + β D_KL(π‖π_ref)
 * Shao et al. 2024 (DeepSeekMath), eq. 3 and 4, arXiv:2402.03300, which averages over each response's tokens first:
 * the aggregation seq-mean-token-mean. With the ratio of the sequence it is GSPO's.
 * @param logProbs    [B, T] log π in nats; the only argument that gets a gradient
 * @param oldLogProbs [B, T] from the policy that sampled; constant, and another tensor than logProbs
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
  const { ratio: level = 'token', aggregation = 'token-mean', maxLength, klCoefficient } = options;
  return tf.tidy(() => {
    const ratio = importanceRatio(logProbs, oldLogProbs, mask, level);
    const surrogate =
      options.surrogate === 'cispo'
        ? cispo(logProbs, ratio, advantages, options)
        : clippedSurrogate(ratio, advantages, options);
    const loss = aggregate(surrogate, mask, aggregation, maxLength);
    if (klCoefficient === 0) return loss;
    if (!refLogProbs)
      throw new Error(`klCoefficient is ${klCoefficient}, but there are no reference log-probs.`);
    const kl = estimateKl(logProbs, refLogProbs, options.klEstimator ?? 'k3', options.klClamp ?? null);
    return loss.add(aggregate(kl, mask, aggregation, maxLength).mul(klCoefficient));
  });
}
