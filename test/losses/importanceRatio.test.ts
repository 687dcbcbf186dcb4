import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { importanceRatio, type RatioLevel } from '../../lib/losses/importanceRatio';
import { expectClose } from '../close';

/** Float32 carries 7 digits; a sum of three numbers and an exponential keep 6. */
const tolerance = 1e-6;

const ratio = (now: number[][], old: number[][], mask: number[][], level: RatioLevel) =>
  tf.tidy(
    () =>
      importanceRatio(tf.tensor2d(now), tf.tensor2d(old), tf.tensor2d(mask), level).arraySync() as number[][],
  );

const now = [[-1, -2, -0.5]];
const old = [[-1.2, -1.5, -9]];
const mask = [[1, 1, 0]];

it('is of each token, of the response a token, or of the whole response; 1 where masked', () => {
  expectClose(ratio(now, old, mask, 'token'), [[Math.exp(0.2), Math.exp(-0.5), 1]], tolerance);
  expectClose(ratio(now, old, mask, 'sequence'), [[Math.exp(-0.15), Math.exp(-0.15), 1]], tolerance);
  expectClose(ratio(now, old, mask, 'sequence-sum'), [[Math.exp(-0.3), Math.exp(-0.3), 1]], tolerance);
});

it('is 1 where the policy is still the old one, whatever stands in the padding', () => {
  for (const level of ['token', 'sequence', 'sequence-sum'] as const) {
    expect(ratio([[-1, -2, Number.NaN]], [[-1, -2, 7]], mask, level)).toEqual([[1, 1, 1]]);
  }
});

it('of a response is the product of its tokens’ ratios, and its geometric mean a token', () => {
  const number = fc.float({ min: -2, max: 0, noNaN: true });
  fc.assert(
    fc.property(fc.tuple(number, number, number), fc.tuple(number, number, number), (a, b) => {
      const all = [[1, 1, 1]];
      const product = ratio([a], [b], all, 'token')[0]!.reduce((x, y) => x * y);
      expectClose(ratio([a], [b], all, 'sequence-sum')[0]![0], product, 1e-5);
      expectClose(ratio([a], [b], all, 'sequence')[0]![2], Math.cbrt(product), 1e-5);
    }),
    { numRuns: 25 },
  );
});
