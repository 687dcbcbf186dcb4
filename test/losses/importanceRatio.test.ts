import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { clippedSurrogateLoss } from '../../lib/losses/clippedSurrogate';
import { importanceRatio, type RatioLevel } from '../../lib/losses/importanceRatio';
import { expectClose, expectRelative } from '../close';
import golden from '../golden/policyLossesByLogits.json';
import { batch } from './policyBatch';

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

it("of a response is verl's (GSPO)", () => {
  const told = ratio(batch.log_probs, batch.old_log_probs, batch.mask, 'sequence');
  // each response begins with a token that counts
  expectRelative(
    told.map((row) => row[0]!),
    golden.gspo_wide.sequence_ratio,
    tolerance,
  );
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

describe('a ratio that overflows', () => {
  const logRatio = 100;
  const evaluate = (advantage: number, dualClip: number | null) =>
    tf.tidy(() => {
      const options = { clipLow: 0.2, clipHigh: 0.2, dualClip };
      const { value, grad } = tf.valueAndGrad((x) =>
        clippedSurrogateLoss(
          x as tf.Tensor2D,
          tf.zeros([1, 2]),
          tf.tensor2d([[advantage, 1]]),
          tf.ones([1, 2]),
          options,
        ),
      )(tf.tensor2d([[logRatio, 0]]));
      return [value.dataSync()[0], ...grad.dataSync()];
    });

  it('has the gradient 0 where a clip holds it, and leaves the other tokens theirs', () => {
    expectClose(evaluate(2, null), [(-1.2 * 2 - 1) / 2, 0, -1 / 2], tolerance);
    expectClose(evaluate(-2, 3), [(3 * 2 - 1) / 2, 0, -1 / 2], tolerance);
  });

  it('makes the loss infinite where nothing holds it', () => {
    expect(evaluate(-2, null)[0]).toBe(Number.POSITIVE_INFINITY);
    expect(Number.isFinite(evaluate(-2, null)[1])).toBe(false);
  });
});
