import fc from 'fast-check';
import { expect, it } from 'vitest';
import { interquartileMean } from '../../lib/math/interquartileMean';
import { mean } from '../../lib/math/statistics';
import golden from '../golden/rliable.json';

const numbers = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 16 });

it("is rliable's for 1 to 13 runs", () => {
  const { inputs, outputs } = golden.interquartile_means;
  inputs.samples.forEach((sample, i) => {
    // float64 sums of up to seven numbers below 3, in another order
    expect(interquartileMean(sample)).toBeCloseTo(outputs.means[i]!, 14);
  });
});

it('cuts whole values only, and none of fewer than four', () => {
  expect(interquartileMean([9, 1, 2])).toBe(4);
  expect(interquartileMean([9, 1, 2, 4])).toBe(3);
  expect(interquartileMean([9, 1, 2, 4, 0, 5, 6])).toBe(3.6);
  expect(interquartileMean([])).toBeNaN();
});

it('is the mean of symmetric values', () => {
  fc.assert(
    fc.property(numbers, (half) => {
      const symmetric = half.flatMap((value) => [7 + value, 7 - value]);
      expect(interquartileMean(symmetric)).toBeCloseTo(mean(symmetric), 12);
    }),
  );
});

it('depends on no order, lies among the values, and does not see an outlier', () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const own = interquartileMean(values);
      expect(interquartileMean([...values].reverse())).toBe(own);
      expect(own).toBeGreaterThanOrEqual(Math.min(...values));
      expect(own).toBeLessThanOrEqual(Math.max(...values));
      fc.pre(values.length >= 4);
      const largest = values.indexOf(Math.max(...values));
      expect(interquartileMean(values.map((value, i) => (i === largest ? 1e6 : value)))).toBe(own);
    }),
  );
});
