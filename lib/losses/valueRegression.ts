import { tf } from '../engine/tensorflow';

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
  return tf.tidy(() => values.sub(returns).square().mul(mask).sum().div(mask.sum()) as tf.Scalar);
}
