import { tf } from '../engine/tensorflow';
import { type Aggregation, aggregate } from './aggregation';
import { importanceRatio } from './importanceRatio';
import { onlyWhere } from './onlyWhere';
import { stopGradient } from './stopGradient';

export interface CispoRange {
  /** The weight is at least 1 − clipLow; 1 sets no lower bound, as in TRL and the paper's experiments. */
  readonly clipLow: number;
  /** The weight is at most 1 + clipHigh. TRL names the bound itself, so that its epsilon_high is 1 + clipHigh. */
  readonly clipHigh: number;
}

export interface CispoOptions extends CispoRange {
  /** The mean over tokens unless said. */
  readonly aggregation?: Aggregation;
  /** For the aggregation seq-mean-token-sum-norm; T unless said. */
  readonly maxLength?: number;
}

/**
 * The loss of each token under CISPO: −sg(clip(ρ, 1−ε_low, 1+ε_high)) Â log π.
 * @param logProbs [B, T] log π in nats
 * @param ratio    [B, T] ρ, of which only the value is taken
 * @returns        [B, T]
 */
export function cispo(
  logProbs: tf.Tensor2D,
  ratio: tf.Tensor2D,
  advantages: tf.Tensor2D,
  { clipLow, clipHigh }: CispoRange,
): tf.Tensor2D {
  return tf.tidy(() => {
    const weight = stopGradient(ratio).clipByValue(1 - clipLow, 1 + clipHigh);
    return weight.mul(advantages).mul<tf.Tensor2D>(logProbs).neg();
  });
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
  return tf.tidy(() => {
    const ratio = importanceRatio(logProbs, oldLogProbs, mask, 'token');
    const losses = cispo(logProbs, ratio, onlyWhere(mask, advantages), { clipLow, clipHigh });
    return aggregate(losses, mask, aggregation, maxLength);
  });
}
