/**
 * Layer normalization: each row with mean 0 and variance 1, then a gain and a bias for each column.
 *   y = (x − mean(x)) / √(var(x) + ε) · gain + bias
 * Ba, Kiros & Hinton 2016, arXiv:1607.06450.
 */
import type { tf } from '../tensorflow';
import { fused, fusedGradient, fusedKernel } from './fused';

/** ε */
export const epsilon = 1e-5;

const forward = fusedKernel('LabLayerNorm', {
  inputs: ['x', 'gain', 'bias'],
  attributes: { epsilon: 'float' },
});
const backward = fusedKernel('LabLayerNormGrad', {
  inputs: ['x', 'gain', 'upstream'],
  outputs: 3,
  attributes: { epsilon: 'float' },
});

/** The fused kernel's gradient of x, gain and bias. */
export function layerNormGradient(
  x: tf.Tensor,
  gain: tf.Tensor,
  upstream: tf.Tensor,
): { x: tf.Tensor; gain: tf.Tensor; bias: tf.Tensor } {
  const [dx, dgain, dbias] = backward({ x, gain, upstream }, { epsilon });
  return { x: dx!, gain: dgain!, bias: dbias! };
}

fusedGradient('LabLayerNorm', ['x', 'gain'], (upstream, [x, gain]) => layerNormGradient(x!, gain!, upstream));

/**
 * @param x    [N, D]
 * @param gain [D]
 * @param bias [D]
 * @returns    [N, D]
 */
export function layerNorm(x: tf.Tensor2D, gain: tf.Tensor1D, bias: tf.Tensor1D): tf.Tensor2D {
  if (fused()) return forward({ x, gain, bias }, { epsilon })[0] as tf.Tensor2D;
  const centered = x.sub(x.mean(-1, true));
  const variance = centered.square().mean(-1, true);
  return centered.mul(variance.add(epsilon).rsqrt()).mul(gain).add(bias);
}
