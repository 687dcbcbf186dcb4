import { jacobianVectorProduct } from '../../engine/forwardMode';
import { tf } from '../../engine/tensorflow';

/**
 * The product of the Fisher information matrix and a vector: F is the Hessian at θ_old of the mean KL(π_old ‖ π_θ).
 *   F v = 1/N Σ_n J_nᵀ (diag(p_n) − p_n p_nᵀ) J_n v,  J_n = ∂ logits_n / ∂θ,  p_n = softmax(logits_n)
 * J v by forward mode and Jᵀ u by reverse mode: exact, and without a gradient of a gradient.
 * Martens 2014, "New insights and perspectives on the natural gradient method", section 9, arXiv:1412.1193.
 * @param logits    ↦ [B, T, A], from `parameters`
 * @param mask      [B, T] 1 on the N actions that count
 * @param direction v, [P]
 * @returns         [P]
 */
export function fisherVectorProduct(
  logits: () => tf.Tensor3D,
  parameters: tf.Variable<tf.Rank.R1>,
  mask: tf.Tensor2D,
  direction: tf.Tensor1D,
): tf.Tensor1D {
  return tf.tidy(() => {
    const [z, change] = jacobianVectorProduct(logits, parameters, direction);
    const p = tf.softmax(z);
    const weighted = p.mul(change);
    const curved = weighted.sub(p.mul(weighted.sum(-1, true)));
    const upstream = curved.mul(mask.expandDims(2)).div(mask.sum());
    const { grads } = tf.variableGrads(() => logits().mul(upstream).sum() as tf.Scalar, [parameters]);
    return grads[parameters.name] as tf.Tensor1D;
  });
}
