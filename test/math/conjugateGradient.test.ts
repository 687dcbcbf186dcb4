import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { conjugateGradient } from '../../lib/math/conjugateGradient';
import { expectClose } from '../close';
import golden from '../golden/conjugateGradient.json';

function solve(matrix: number[][], b: number[], iterations: number) {
  return tf.tidy(() => {
    const a = tf.tensor2d(matrix);
    const product = (v: tf.Tensor1D) => a.dot(v) as tf.Tensor1D;
    const { x, residual } = conjugateGradient(product, tf.tensor1d(b), iterations);
    return { x: Array.from(x.dataSync()), residual: residual.dataSync()[0]! };
  });
}

describe('conjugateGradient', () => {
  const { inputs, outputs } = golden.conjugate_gradient;

  it('gives the golden iterates', () => {
    // each iteration multiplies float32's rounding, 6e-8, by a few
    expectClose(solve(inputs.A, inputs.b, 3).x, outputs.x_after_3, 1e-5);
    expectClose(solve(inputs.A, inputs.b, 10).x, outputs.x_after_10, 1e-4);
  });

  it('ends at the solution, and tells what is left', () => {
    const { x, residual } = solve(inputs.A, inputs.b, 30);
    expectClose(x, outputs.x_exact, 1e-4);
    expect(residual).toBeLessThan(1e-4);
    const three = solve(inputs.A, inputs.b, 3);
    const left = inputs.b.map(
      (value, i) => value - inputs.A[i]!.reduce((sum, a, j) => sum + a * three.x[j]!, 0),
    );
    expectClose(three.residual, Math.hypot(...left), 1e-4);
  });

  it('solves in as many iterations as there are different eigenvalues', () => {
    const number = fc.float({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(number, number, number), (b) => {
        const diagonal = [
          [2, 0, 0],
          [0, 2, 0],
          [0, 0, 5],
        ];
        expectClose(solve(diagonal, b, 2).x, [b[0] / 2, b[1] / 2, b[2] / 5], 1e-5);
      }),
      { numRuns: 25 },
    );
  });

  it('finds nothing to do for b = 0', () => {
    expect(solve([[2]], [0], 5)).toEqual({ x: [0], residual: 0 });
  });
});
