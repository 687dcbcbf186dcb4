/**
 * GELU(x) = x Φ(x), with Φ the normal distribution function: the exact form, by erf.
 * Hendrycks & Gimpel 2016, arXiv:1606.08415.
 */
import type { tf } from '../tensorflow';
import { fused, fusedGradient, fusedKernel } from './fused';

const forward = fusedKernel('LabBiasGelu', { inputs: ['x', 'bias'] });
const backward = fusedKernel('LabBiasGeluGrad', { inputs: ['x', 'bias', 'upstream'], outputs: 2 });

/** The fused kernel's gradient of x and bias: upstream · (Φ(z) + z φ(z)) at z = x + bias, and its sum over rows. */
export function biasGeluGradient(
  x: tf.Tensor,
  bias: tf.Tensor,
  upstream: tf.Tensor,
): { x: tf.Tensor; bias: tf.Tensor } {
  const [dx, dbias] = backward({ x, bias, upstream });
  return { x: dx!, bias: dbias! };
}

fusedGradient('LabBiasGelu', ['x', 'bias'], (upstream, [x, bias]) => biasGeluGradient(x!, bias!, upstream));

export function gelu<T extends tf.Tensor>(x: T): T {
  return x.mul(x.mul(Math.SQRT1_2).erf().add(1)).mul(0.5) as T;
}

/**
 * GELU(x + bias).
 * @param x    [N, D]
 * @param bias [D]
 * @returns    [N, D]
 */
export function biasGelu(x: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  if (fused()) return forward({ x, bias })[0] as tf.Tensor2D;
  return gelu(x.add<tf.Tensor2D>(bias));
}
