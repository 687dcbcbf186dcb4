import { tf } from '../engine/tensorflow';
import { aggregate } from './aggregation';
import { onlyWhere } from './onlyWhere';

/**
 * Squared error of a value model, to be minimized.
 *   L = Σ_bt mask_bt (V_bt − G_bt)² / Σ_bt mask_bt
 * No factor ½ and no clipping around an older model's values: TRL and verl have both.
 * @param values  [B, T] V, the predicted return after each token; the only argument that gets a gradient
 * @param returns [B, T] G, in the unit of the reward; constant
 * @param mask    [B, T] 1 on the tokens of the response, 0 on prompt and padding
 * @returns       scalar, mean over the tokens of all responses
 */
export function valueRegressionLoss(values: tf.Tensor2D, returns: tf.Tensor2D, mask: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => {
    const errors = onlyWhere(mask, values.sub<tf.Tensor2D>(returns));
    return aggregate(errors.square(), mask, 'token-mean');
  });
}

export interface ValueClipping {
  /** The new values are cut to this distance from the old; null does not cut. */
  readonly clipRange: number | null;
  /**
   * What is made of it: 'max' takes the larger of the cut and the uncut squared error, and half of it (TRL, verl,
   * OpenRLHF, CleanRL); 'clip' takes the squared error of the cut value alone, all of it (SB3).
   */
  readonly form: 'max' | 'clip';
}

/**
 * Squared error of a critic that should not move far on one rollout, to be minimized.
 *   max:  L = ½ mean max((V − G)², (V_clip − G)²),   V_clip = V_old + clip(V − V_old, −ε, ε)
 *   clip: L = mean (V_clip − G)²
 * The first as in OpenAI Baselines' ppo2, which has it beyond the PPO paper.
 * @param values    [B, T] V; the only argument that gets a gradient
 * @param oldValues [B, T] V_old, of the critic at the rollout; constant
 * @param returns   [B, T] G, in the unit of the reward; constant
 * @param mask      [B, T] 1 on response tokens, 0 on padding
 * @returns         scalar, mean over the tokens of all responses
 */
export function clippedValueLoss(
  values: tf.Tensor2D,
  oldValues: tf.Tensor2D,
  returns: tf.Tensor2D,
  mask: tf.Tensor2D,
  { clipRange, form }: ValueClipping,
): tf.Scalar {
  return tf.tidy(() => {
    const factor = form === 'max' ? 0.5 : 1;
    const free = onlyWhere(mask, values.sub<tf.Tensor2D>(returns)).square<tf.Tensor2D>();
    if (clipRange === null) return aggregate(free.mul(factor), mask, 'token-mean');
    const cut = oldValues.add(values.sub(oldValues).clipByValue(-clipRange, clipRange));
    const held = onlyWhere(mask, cut.sub<tf.Tensor2D>(returns)).square<tf.Tensor2D>();
    return aggregate((form === 'max' ? free.maximum(held) : held).mul(factor), mask, 'token-mean');
  });
}
