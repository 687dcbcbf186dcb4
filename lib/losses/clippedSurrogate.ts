import { tf } from '../engine/tensorflow';
import { type Aggregation, aggregate } from './aggregation';
import { importanceRatio, type RatioLevel } from './importanceRatio';
import { onlyWhere } from './onlyWhere';

export interface ClipRange {
  /** ε below 1: the ratio is clipped to at least 1 − clipLow. */
  readonly clipLow: number;
  /** ε above 1: the ratio is clipped to at most 1 + clipHigh; DAPO sets it higher than clipLow. */
  readonly clipHigh: number;
  /** c > 1: where the advantage is negative, the loss is at most −cÂ. Ye et al. 2019, eq. 5, arXiv:1912.09729. */
  readonly dualClip?: number | null;
  /** The most that the ratio counts in the term that is not clipped: TRL's `delta`. */
  readonly ratioCap?: number | null;
}

export interface ClippedSurrogateOptions extends ClipRange {
  /** Of what the ratio is taken; each token unless said. */
  readonly ratio?: RatioLevel;
  /** The mean over tokens unless said. */
  readonly aggregation?: Aggregation;
  /** For the aggregation seq-mean-token-sum-norm; T unless said. */
  readonly maxLength?: number;
}

/**
 * The loss of each token under PPO's clipped surrogate: −min(ρÂ, clip(ρ, 1−ε_low, 1+ε_high)Â).
 * @param ratio      [B, T] ρ
 * @param advantages [B, T]
 * @returns          [B, T]
 */
export function clippedSurrogate(
  ratio: tf.Tensor2D,
  advantages: tf.Tensor2D,
  { clipLow, clipHigh, dualClip = null, ratioCap = null }: ClipRange,
): tf.Tensor2D {
  return tf.tidy(() => {
    const free = ratioCap === null ? ratio : ratio.minimum<tf.Tensor2D>(ratioCap);
    const clipped = ratio.clipByValue(1 - clipLow, 1 + clipHigh);
    const loss = tf.maximum<tf.Tensor2D>(free.mul(advantages).neg(), clipped.mul(advantages).neg());
    if (dualClip === null) return loss;
    const bounded = loss.minimum<tf.Tensor2D>(advantages.mul(-dualClip));
    return tf.where(advantages.less(0), bounded, loss);
  });
}

/**
 * PPO's clipped surrogate, to be minimized (the paper maximizes its negative).
 *   L(θ) = −mean_t min(ρ_t Â_t, clip(ρ_t, 1−ε, 1+ε) Â_t)
 * Schulman et al. 2017, eq. 7, arXiv:1707.06347.
 * @param logProbs    [B, T] log π(a_t|s_t) in nats; the only argument that gets a gradient
 * @param oldLogProbs [B, T] from the policy that sampled; constant
 * @param advantages  [B, T] constant
 * @param mask        [B, T] 1 on response tokens, 0 on padding
 */
export function clippedSurrogateLoss(
  logProbs: tf.Tensor2D,
  oldLogProbs: tf.Tensor2D,
  advantages: tf.Tensor2D,
  mask: tf.Tensor2D,
  options: ClippedSurrogateOptions,
): tf.Scalar {
  const { ratio: level = 'token', aggregation = 'token-mean', maxLength } = options;
  return tf.tidy(() => {
    const ratio = importanceRatio(logProbs, oldLogProbs, mask, level);
    const losses = clippedSurrogate(ratio, onlyWhere(mask, advantages), options);
    return aggregate(losses, mask, aggregation, maxLength);
  });
}
