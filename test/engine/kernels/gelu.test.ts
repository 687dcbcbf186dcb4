import { describe, expect, it } from 'vitest';
import { biasGelu } from '../../../lib/engine/kernels/gelu';
import { tf } from '../../../lib/engine/tensorflow';

/** Φ in double precision by its series, Φ(x) = 1/2 + φ(x) (x + x³/3 + x⁵/15 + …): Abramowitz & Stegun 26.2.11. */
function cumulative(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 3; Math.abs(term) > 1e-18 * Math.abs(sum); n += 2) sum += term *= (x * x) / n;
  return 0.5 + sum * density(x);
}
const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** The whole range in which GELU is neither 0 nor x in float32, and beyond. */
const points = Array.from({ length: 4001 }, (_, i) => (i - 2000) / 250);

describe('biasGelu', () => {
  it('and its derivative are those in double precision, to 3e-7 of x and of 1', () => {
    tf.tidy(() => {
      const x = tf.tensor2d(points, [points.length, 1]);
      const [at] = [x.dataSync()];
      const run = (z: tf.Tensor) => biasGelu(z as tf.Tensor2D, tf.zeros([1]));
      const values = run(x).dataSync();
      const slopes = tf.grad(run)(x).dataSync();
      points.forEach((_, i) => {
        const z = at[i]!;
        const share = cumulative(z);
        expect(Math.abs(values[i]! - z * share)).toBeLessThanOrEqual(3e-7 * Math.max(1, Math.abs(z)));
        expect(Math.abs(slopes[i]! - share - z * density(z))).toBeLessThanOrEqual(4e-7);
      });
    });
  });

  it('is 0 far on the left, x far on the right, and NaN and ∞ where x is', () => {
    tf.tidy(() => {
      const x = tf.tensor2d([[-1e4, -50, 0, 50, 1e4, Number.NaN, Number.POSITIVE_INFINITY]]);
      const [left, more, zero, ...right] = biasGelu(x, tf.zeros([7])).dataSync();
      expect([left, more, zero].map((value) => Math.abs(value!))).toEqual([0, 0, 0]);
      expect(right).toEqual([50, 1e4, Number.NaN, Number.POSITIVE_INFINITY]);
    });
  });
});
