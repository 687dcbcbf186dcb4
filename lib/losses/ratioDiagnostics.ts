import { tf } from '../engine/tensorflow';
import { aggregate } from './aggregation';
import type { ClippedSurrogateOptions } from './clippedSurrogate';
import { importanceRatio } from './importanceRatio';
import { estimateKl } from './klDivergence';

/** Over the tokens of the responses. */
export interface RatioColumns {
  /** KL(π_old‖π) estimated by mean(ρ − 1 − log ρ), as SB3 and CleanRL report it, in nats. */
  readonly approx_kl: number;
  /** The same by mean(−log ρ), as Spinning Up and verl report it. */
  readonly approx_kl_k1: number;
  /** The share of tokens whose gradient the clip takes away: those below and above together. */
  readonly clip_fraction: number;
  /** ρ < 1 − ε_low where the advantage is negative; ρ is what the loss takes it of, so of a response for GSPO. */
  readonly clip_fraction_low: number;
  /** ρ > 1 + ε_high where the advantage is positive. */
  readonly clip_fraction_high: number;
  readonly ratio_mean: number;
  readonly ratio_min: number;
  readonly ratio_max: number;
}

export type RatioDiagnostics = { readonly [Name in keyof RatioColumns]: tf.Scalar };

/**
 * How far the policy has moved from the one that sampled, and how much of it the clip held back. Shares count only
 * tokens on the side where the clip matters, as TRL's and verl's do; SB3's and CleanRL's clip fraction is |ρ − 1| > ε.
 * @param logProbs    [B, T] log π in nats
 * @param oldLogProbs [B, T] of the policy that sampled
 * @param advantages  [B, T]
 * @param mask        [B, T] 1 on response tokens
 */
export function ratioDiagnostics(
  logProbs: tf.Tensor2D,
  oldLogProbs: tf.Tensor2D,
  advantages: tf.Tensor2D,
  mask: tf.Tensor2D,
  { clipLow, clipHigh, ratio: level = 'token' }: ClippedSurrogateOptions,
): RatioDiagnostics {
  return tf.tidy(() => {
    const ratio = importanceRatio(logProbs, oldLogProbs, mask, level);
    const share = (condition: tf.Tensor) => aggregate(condition.toFloat() as tf.Tensor2D, mask, 'token-mean');
    const low = ratio.less(1 - clipLow).logicalAnd(advantages.less(0));
    const high = ratio.greater(1 + clipHigh).logicalAnd(advantages.greater(0));
    const on = mask.greater(0);
    const only = (otherwise: number) => tf.where(on, ratio, tf.fill(mask.shape, otherwise));
    return {
      // of the old policy from the new: the log-ratio the other way round
      approx_kl: aggregate(estimateKl(oldLogProbs, logProbs, 'k3'), mask, 'token-mean'),
      approx_kl_k1: aggregate(estimateKl(oldLogProbs, logProbs, 'k1'), mask, 'token-mean'),
      clip_fraction: share(low.logicalOr(high)),
      clip_fraction_low: share(low),
      clip_fraction_high: share(high),
      ratio_mean: aggregate(ratio, mask, 'token-mean'),
      ratio_min: only(Number.MAX_VALUE).min<tf.Scalar>(),
      ratio_max: only(0).max<tf.Scalar>(),
    };
  });
}
