/** The end of a residual block: x + y + bias, where x went round the block and y through it. */
import type { tf } from '../tensorflow';
import { fused, fusedGradient, fusedKernel } from './fused';

const forward = fusedKernel('LabBiasResidual', { inputs: ['x', 'y', 'bias'] });
const columnSum = fusedKernel('LabColumnSum', { inputs: ['x'] });

fusedGradient('LabBiasResidual', [], (upstream) => ({
  // each a tensor of its own: TensorFlow.js disposes of a gradient once it has added another to it
  x: upstream.clone(),
  y: upstream.clone(),
  bias: columnSum({ x: upstream })[0]!,
}));

/**
 * @param x    [N, D]
 * @param y    [N, D]
 * @param bias [D]
 * @returns    [N, D] x + y + bias
 */
export function biasResidual(x: tf.Tensor2D, y: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  if (fused()) return forward({ x, y, bias })[0] as tf.Tensor2D;
  return x.add(y.add<tf.Tensor2D>(bias));
}
