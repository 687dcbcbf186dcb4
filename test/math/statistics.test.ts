import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  explainedVariance,
  fifteenDigits,
  mean,
  sigmoid,
  standardDeviation,
  standardError,
} from '../../lib/math/statistics';
import golden from '../golden/estimators.json';

it('gives the standard deviation with either denominator', () => {
  const values = [2, 4, 4, 4, 5, 5, 7, 9];
  expect(mean(values)).toBe(5);
  expect(standardDeviation(values, 0)).toBe(2);
  expect(standardDeviation(values, 1)).toBeCloseTo(Math.sqrt(32 / 7), 12);
  expect(standardError(values)).toBeCloseTo(Math.sqrt(32 / 7 / 8), 12);
});

it('gives exactly 0 for equal values, whose mean may be rounded', () => {
  expect(standardDeviation([0.1, 0.1, 0.1], 1)).toBe(0);
});

it('has no sample deviation of one value', () => {
  expect(standardDeviation([3], 1)).toBeNaN();
  expect(standardDeviation([3], 0)).toBe(0);
});

it('takes the sigmoid far out', () => {
  expect([sigmoid(-1000), sigmoid(0), sigmoid(1000)]).toEqual([0, 0.5, 1]);
  expect(sigmoid(3) + sigmoid(-3)).toBeCloseTo(1, 15);
});

it('gives decimals back as they are written', () => {
  expect([0.8 * 0.9, 0.8 * 0.9 * 0.9, 0.1 + 0.2].map(fifteenDigits)).toEqual([0.72, 0.648, 0.3]);
});

describe('explainedVariance', () => {
  it("is stable-baselines3's", () => {
    const { inputs, outputs } = golden.explained_variance;
    expect(explainedVariance(inputs.returns, inputs.values)).toBeCloseTo(outputs.explained_variance, 14);
  });

  it('is 1 of the returns themselves, 0 of a constant, below 0 of worse, and no number where they are equal', () => {
    const returns = [1, 2, 4];
    expect(explainedVariance(returns, returns)).toBe(1);
    expect(explainedVariance(returns, [5, 5, 5])).toBe(0);
    expect(explainedVariance(returns, [-1, -2, -4])).toBeCloseTo(-3, 14);
    expect(explainedVariance([0.1, 0.1, 0.1], [1, 2, 3])).toBeNaN();
  });

  it('does not change with a constant added to the values, nor with the unit of both', () => {
    const pair = fc.tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: -20, max: 20 }));
    fc.assert(
      fc.property(
        fc.array(pair, { minLength: 2, maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        (pairs, unit) => {
          const [returns, values] = [pairs.map(([g]) => g), pairs.map(([, v]) => v)];
          fc.pre(new Set(returns).size > 1);
          const moved = explainedVariance(
            returns.map((value) => unit * value),
            values.map((value) => unit * value + 7),
          );
          const own = explainedVariance(returns, values);
          // float64 beside 1 − a quotient of up to 1600 · 8
          expect(Math.abs(moved - own)).toBeLessThan(1e-10);
          expect(own).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});
