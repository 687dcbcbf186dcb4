import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bootstrapInterval } from '../../lib/math/bootstrap';
import { meanInterval } from '../../lib/math/meanInterval';
import { pairedComparison } from '../../lib/math/pairedComparison';
import { seededRandom } from '../../lib/math/random';
import { mean } from '../../lib/math/statistics';
import golden from '../golden/rliable.json';

const compare = (first: readonly number[], second: readonly number[]) =>
  pairedComparison(first, second, seededRandom(1));

it("has the effect size of scipy's paired t, corrected for few seeds", () => {
  const { inputs, outputs } = golden.effect_sizes;
  inputs.pairs.forEach(([first, second], i) => {
    const { effectSize } = compare(first!, second!);
    const freedom = first!.length - 1;
    // scores have three digits: float64 of differences down to 0.001
    expect(effectSize! / (1 - 3 / (4 * freedom - 1)) / outputs.d[i]! - 1).toBeCloseTo(0, 12);
    // the correction's own error for three seeds, and for five and more
    const tolerance = freedom === 2 ? 0.014 : 0.003;
    expect(Math.abs(effectSize! / outputs.unbiased[i]! - 1)).toBeLessThan(tolerance);
  });
});

it('counts seeds, and takes both intervals of the differences', () => {
  const [first, second] = [
    [3, 5, 4, 8],
    [1, 5, 5, 2],
  ];
  const differences = [2, 0, -1, 6];
  expect(compare(first!, second!)).toMatchObject({
    difference: meanInterval(differences),
    bootstrap: bootstrapInterval([differences], mean, seededRandom(1)),
    won: 2,
    tied: 1,
  });
});

it('has no effect size of equal differences, though rounded, nor of two', () => {
  expect(compare([0.3, 0.7, 0.9], [0.2, 0.6, 0.8]).effectSize).toBeNull();
  expect(compare([1, 1, 1], [1, 1, 1])).toMatchObject({
    effectSize: null,
    tied: 3,
    bootstrap: { lower: 0, upper: 0 },
  });
  expect(compare([1, 3], [0, 1]).effectSize).toBeNull();
});

it('has nothing to say of no seeds', () => {
  expect(compare([], [])).toMatchObject({ difference: { count: 0, lower: null }, effectSize: null, won: 0 });
});

it('refuses scores that do not pair', () => {
  expect(() => compare([1, 2], [1])).toThrow('2 scores are paired with 1; expected as many.');
  expect(() => compare([1, 2, 3], [1, Number.NaN, 2])).toThrow('expected finite numbers');
});

it('changes its sign with the order, not with what a seed adds to both', () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: -20, max: 20 })), {
    minLength: 3,
    maxLength: 5,
  });
  fc.assert(
    fc.property(pairs, (scores) => {
      const [first, second] = [scores.map(([x]) => x), scores.map(([, y]) => y)];
      const [own, turned] = [compare(first, second), compare(second, first)];
      expect(turned.difference.mean).toBeCloseTo(-own.difference.mean, 12);
      if (own.effectSize === null) expect(turned.effectSize).toBeNull();
      else expect(turned.effectSize).toBeCloseTo(-own.effectSize, 10);
      expect(own.won + own.tied + turned.won).toBe(scores.length);
      const shifted = compare(
        first.map((score, i) => score + 10 * i),
        second.map((score, i) => score + 10 * i),
      );
      expect(shifted).toEqual(own);
    }),
    // each takes three bootstraps
    { numRuns: 15 },
  );
});
