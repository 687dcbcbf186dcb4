import { tf } from '../engine/tensorflow';
import { type Aggregation, aggregate } from './aggregation';
import { importanceRatio } from './importanceRatio';

export interface CispoOptions {
  /** The weight is at least 1 − clipLow; null has no lower bound, as in TRL and the paper's experiments. */
  readonly clipLow: number | null;
  /** The weight is at most 1 + clipHigh. TRL names the bound itself, so that its epsilon_high is 1 + clipHigh. */
  readonly clipHigh: number;
  readonly aggregation?: Aggregation;
  /** For the aggregation seq-mean-token-sum-norm; T unless said. */
  readonly maxLength?: number;
}

/**
 * CISPO: the policy gradient with a clipped importance weight, through which no gradient flows, so that a token
 * whose ratio is clipped still has a gradient.
 *   L(θ) = −mean_t sg(clip(ρ_t)) Â_t log π(a_t|s_t)
 * MiniMax 2025 (MiniMax-M1), eq. 4 and 5, arXiv:2506.13585.
 * @param logProbs    [B, T] log π in nats; the only argument that gets a gradient
 * @param oldLogProbs [B, T] from the policy that sampled; constant
 * @param advantages  [B, T] constant
 * @param mask        [B, T] 1 on response tokens, 0 on padding
 */
export function cispoLoss(
  logProbs: tf.Tensor2D,
  oldLogProbs: tf.Tensor2D,
  advantages: tf.Tensor2D,
  mask: tf.Tensor2D,
  { clipLow, clipHigh, aggregation = 'token-mean', maxLength }: CispoOptions,
): tf.Scalar {
  const weighted = tf.customGrad((x, save) => {
    const ratio = importanceRatio(x as tf.Tensor2D, oldLogProbs, mask, 'token');
    const weight = ratio.clipByValue(clipLow === null ? 0 : 1 - clipLow, 1 + clipHigh).mul(advantages);
    (save as (kept: tf.Tensor[]) => void)([weight]);
    return {
      value: weight.mul(x as tf.Tensor),
      gradFunc: (upstream: tf.Tensor, saved: tf.Tensor[]) => upstream.mul(saved[0]!),
    };
  });
  return tf.tidy(() => aggregate(weighted(logProbs).neg() as tf.Tensor2D, mask, aggregation, maxLength));
}
