import { tf } from '../engine/tensorflow';
import { InputError } from '../errors/inputError';
import { aggregate } from './aggregation';
import { cispo } from './cispo';
import { type ClippedSurrogateOptions, clippedSurrogate } from './clippedSurrogate';
import { importanceRatio } from './importanceRatio';
import { estimateKl, type KlClamp, type KlEstimator } from './klDivergence';
import { onlyWhere } from './onlyWhere';

/** What a surrogate is made of, each [B, T] and 0, or a ratio of 1, where masked. */
export interface SurrogateTerms {
  /** ρ, of what `ratio` says: each token, or its response. */
  readonly ratio: tf.Tensor2D;
  /** log π in nats. */
  readonly logProbs: tf.Tensor2D;
  /** Constant. */
  readonly advantages: tf.Tensor2D;
}

/**
 * A surrogate of one's own: the loss of each token, [B, T], to be minimized. A function of tensors alone, by
 * TensorFlow's operations, since it is compiled; it gets a gradient through `ratio` and `logProbs`. Nothing is clipped
 * for it: ({ ratio, advantages }) => ratio.mul(advantages).neg() is the surrogate of TRPO.
 */
export type OwnSurrogate = (terms: SurrogateTerms) => tf.Tensor;

export interface GroupRelativeOptions extends ClippedSurrogateOptions {
  /**
   * PPO's clipped surrogate; CISPO's clipped weight, for which dualClip and ratioCap are of no use; or a function, for
   * which the clips are of use in the diagnostics alone. 'clipped' unless said.
   */
  readonly surrogate?: 'clipped' | 'cispo' | OwnSurrogate;
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
    const surrogate = surrogateOf({ ratio, logProbs, advantages: counted(advantages) }, mask, options);
    if (klCoefficient === 0) return surrogate;
    if (!refLogProbs)
      throw new Error(`klCoefficient is ${klCoefficient}, but there are no reference log-probs.`);
    const kl = estimateKl(counted(logProbs), counted(refLogProbs), klEstimator, klClamp);
    const weighted = options.klWeighting === 'ratio' ? kl.mul<tf.Tensor2D>(ratio) : kl;
    return surrogate.add(weighted.mul(klCoefficient));
  });
}

/** @throws InputError where a function gives anything but the loss of each token */
function surrogateOf(terms: SurrogateTerms, mask: tf.Tensor2D, options: GroupRelativeOptions): tf.Tensor2D {
  const { ratio, logProbs, advantages } = terms;
  const { surrogate = 'clipped' } = options;
  if (surrogate === 'clipped') return clippedSurrogate(ratio, advantages, options);
  if (surrogate === 'cispo') return cispo(logProbs, ratio, advantages, options);
  const given: unknown = surrogate({ ...terms, logProbs: onlyWhere(mask, logProbs) });
  if (given instanceof tf.Tensor && String(given.shape) === String(ratio.shape)) return given as tf.Tensor2D;
  const what = given instanceof tf.Tensor ? `a tensor of shape [${given.shape.join(', ')}]` : typeof given;
  throw new InputError(
    `the surrogate gave ${what}; expected a tensor of shape [${ratio.shape.join(', ')}], the loss of each token.`,
  );
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
