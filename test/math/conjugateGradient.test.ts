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
    const { x, residual, residuals } = conjugateGradient(product, tf.tensor1d(b), iterations);
    return {
      x: Array.from(x.dataSync()),
      residual: residual.dataSync()[0]!,
      residuals: Array.from(residuals.dataSync()),
    };
  });
}

describe('conjugateGradient', () => {
  const { inputs, outputs } = golden.conjugate_gradient;

  it('tells the residual before and after each iteration', () => {
    const { residual, residuals } = solve(inputs.A, inputs.b, 3);
    expect(residuals).toHaveLength(4);
    expectClose([residuals[0]!], [Math.hypot(...inputs.b)], 1e-6);
    expect(residuals[3]).toBe(residual);
    expect(residuals[1]).toBe(solve(inputs.A, inputs.b, 1).residual);
  });

  it('gives the golden iterates', () => {
    // each iteration multiplies float32's rounding, 6e-8, by a few
    expectClose(solve(inputs.A, inputs.b, 3).x, outputs.x_after_3, 1e-6);
    expectClose(solve(inputs.A, inputs.b, 10).x, outputs.x_after_10, 5e-5);
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

  it('solves any symmetric, positive definite system in as many iterations as it has equations', () => {
    const number = fc.integer({ min: -20, max: 20 }).map((tenths) => tenths / 10);
    const row = fc.tuple(number, number, number, number);
    fc.assert(
      fc.property(fc.tuple(row, row, row, row), row, (m, x) => {
        // MᵀM + 1, whose eigenvalues are between 1 and 65
        const a = m.map((_, i) =>
          m.map((_, j) => m.reduce((sum, one) => sum + one[i]! * one[j]!, i === j ? 1 : 0)),
        );
        const b = a.map((one) => one.reduce((sum, value, j) => sum + value * x[j]!, 0));
        const solved = solve(a, b, 4);
        // float32 times a condition of up to 65, lost anew in each of four iterations
        expectClose(solved.x, x, 1e-3);
        const left = b.map((value, i) => value - a[i]!.reduce((sum, one, j) => sum + one * solved.x[j]!, 0));
        expect(Math.hypot(...left)).toBeLessThanOrEqual(1e-3 * Math.max(1, Math.hypot(...b)));
        // ‖x − x_k‖ in the norm of A never grows
        const error = (k: number) => {
          const off = solve(a, b, k).x.map((value, i) => value - x[i]!);
          return off.reduce((sum, e, i) => sum + e * a[i]!.reduce((s, one, j) => s + one * off[j]!, 0), 0);
        };
        expect(error(2)).toBeLessThanOrEqual(error(1) * (1 + 1e-4) + 1e-6);
      }),
      { numRuns: 25 },
    );
  });

  it('changes nothing any more where it has found the solution', () => {
    expect(solve([[2]], [3], 9).x).toEqual(solve([[2]], [3], 1).x);
  });

  it('finds nothing to do for b = 0', () => {
    expect(solve([[2]], [0], 5)).toMatchObject({ x: [0], residual: 0 });
  });
});
