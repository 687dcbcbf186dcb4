/** What every function of lib/engine/kernels must be: its own composite, with the gradient and tangent of its value. */
import { expect } from 'vitest';
import { jacobianVectorProduct } from '../../../lib/engine/forwardMode';
import { fused, withComposites } from '../../../lib/engine/kernels/fused';
import { tf } from '../../../lib/engine/tensorflow';
import type { Random } from '../../../lib/math/random';
import { expectClose, numericalGradient } from '../../close';
import { normals } from './randomTensors';

/** A function of float32 tensors, each of which gets a gradient. */
export type Differentiable = (...inputs: tf.Tensor[]) => tf.Tensor;

/**
 * Of the largest number in a tensor: both sides round sums of up to some hundred terms, each to 6e-8 of its size, and
 * a kernel takes e to a power and the normal distribution from polynomials that are good to 2e-7.
 */
export const sameNumbers = 4e-6;

/** Float32's rounding, divided by the step of the difference, and the step's own error. */
const sameSlope = 3e-3;

const list = (x: tf.Tensor): number[] => Array.from(x.dataSync());

const dot = (a: tf.Tensor, b: tf.Tensor): number => {
  const weights = list(b);
  return list(a).reduce((sum, value, i) => sum + value * weights[i]!, 0);
};

/** |actual − expected| ≤ tolerance · the largest |expected|, or · 0.1 where all are what is left of larger terms. */
export function expectSame(actual: tf.Tensor, expected: tf.Tensor, tolerance = sameNumbers): void {
  expect(actual.shape).toEqual(expected.shape);
  const scale = Math.max(0.1, ...list(expected).map(Math.abs));
  expectClose(
    list(actual).map((value) => value / scale),
    list(expected).map((value) => value / scale),
    tolerance,
  );
}

/** Value, gradients and tangents of the fused kernel are those of the composite. */
export function expectLikeComposite(f: Differentiable, inputs: tf.Tensor[], random: Random): void {
  tf.tidy(() => {
    expect(fused()).toBe(true);
    const value = f(...inputs);
    const upstream = normals(random, ...value.shape);
    const directions = inputs.map(({ shape }) => normals(random, ...shape));
    const all = () => [
      f(...inputs),
      ...tf.grads((...x: tf.Tensor[]) => f(...x))(inputs, upstream),
      ...inputs.map((x, i) => jacobianVectorProduct(() => f(...inputs), x, directions[i]!)[1]),
    ];
    const expected = withComposites(all);
    all().forEach((tensor, i) => {
      expectSame(tensor, expected[i]!);
    });
  });
}

/**
 * The gradient along a random direction is the slope of the value, and reverse and forward mode agree:
 * ⟨u, J v⟩ = ⟨Jᵀ u, v⟩. On every engine.
 */
export function expectDifferentiated(f: Differentiable, inputs: tf.Tensor[], random: Random): void {
  tf.tidy(() => {
    const upstream = normals(random, ...f(...inputs).shape);
    const directions = inputs.map(({ shape }) => normals(random, ...shape));
    const gradients = tf.grads((...x: tf.Tensor[]) => f(...x))(inputs, upstream);
    inputs.forEach((x, i) => {
      const along = dot(gradients[i]!, directions[i]!);
      const at = ([shift]: readonly number[]) =>
        dot(f(...inputs.map((input, j) => (j === i ? x.add(directions[i]!.mul(shift!)) : input))), upstream);
      expectClose(along, numericalGradient(at, [0], 0.02)[0], sameSlope);
      const [, tangent] = jacobianVectorProduct(() => f(...inputs), x, directions[i]!);
      expectClose(dot(tangent, upstream), along, 2e-5);
    });
  });
}
