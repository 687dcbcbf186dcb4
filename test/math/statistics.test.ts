import { expect, it } from 'vitest';
import { fifteenDigits, mean, sigmoid, standardDeviation, standardError } from '../../lib/math/statistics';

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
