/**
 * One step of AdamW, as lib/algorithms/updates/adamW.ts tells it, in one pass over the parameters:
 *   m ← β₁m + (1−β₁)cg,  v ← β₂v + (1−β₂)(cg)²
 *   θ ← θ − η · (m/w₁ / (√(v/w₂) + ε) + λθ)
 * Kingma & Ba 2014, arXiv:1412.6980; Loshchilov & Hutter 2017, arXiv:1711.05101.
 */
import type { tf } from '../tensorflow';
import { fused, fusedKernel } from './fused';

const step = fusedKernel('LabAdamW', {
  inputs: ['parameters', 'mean', 'square', 'gradient', 'learningRate', 'meanWeight', 'squareWeight', 'scale'],
  outputs: 3,
  attributes: {
    beta1: 'float',
    beta2: 'float',
    new1: 'float',
    new2: 'float',
    epsilon: 'float',
    weightDecay: 'float',
  },
});

/** [P] each. */
export interface AdamWVectors {
  /** θ */
  readonly parameters: tf.Tensor1D;
  /** m, the average of gradients */
  readonly mean: tf.Tensor1D;
  /** v, the average of their squares */
  readonly square: tf.Tensor1D;
  /** g */
  readonly gradient: tf.Tensor1D;
}

export interface AdamWScalars {
  /** η */
  readonly learningRate: tf.Scalar;
  /** w₁ = 1 − β₁ᵗ and w₂ = 1 − β₂ᵗ of this step t */
  readonly meanWeight: tf.Scalar;
  readonly squareWeight: tf.Scalar;
  /** c, multiplied into the gradient: below 1 where it is clipped */
  readonly scale: tf.Scalar;
}

export interface AdamWNumbers {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** The new parameters, mean and square. */
export function adamW(
  vectors: AdamWVectors,
  scalars: AdamWScalars,
  { beta1, beta2, epsilon, weightDecay }: AdamWNumbers,
): [parameters: tf.Tensor1D, mean: tf.Tensor1D, square: tf.Tensor1D] {
  if (fused()) {
    // 1 − β from here: in float32 the difference would lose digits that β has
    const numbers = { beta1, beta2, new1: 1 - beta1, new2: 1 - beta2, epsilon, weightDecay };
    return step({ ...vectors, ...scalars }, numbers) as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
  }
  const { parameters } = vectors;
  const { learningRate, meanWeight, squareWeight, scale } = scalars;
  const gradient = vectors.gradient.mul(scale);
  const mean = vectors.mean.mul(beta1).add<tf.Tensor1D>(gradient.mul(1 - beta1));
  const square = vectors.square.mul(beta2).add<tf.Tensor1D>(gradient.square().mul(1 - beta2));
  const direction = mean.div(meanWeight).div(square.div(squareWeight).sqrt().add(epsilon));
  const change = direction.add(parameters.mul(weightDecay)).mul(learningRate);
  return [parameters.sub(change), mean, square];
}
