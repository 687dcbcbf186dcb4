import { describe, expect, it } from 'vitest';
import {
  directionRows,
  meanKl,
  type Point,
  regionPaths,
  surrogateGain,
  surrogateGrid,
} from '../../../lib/lessons/trpo/twoParameterPolicy';

const old: Point = [0, -3];

describe('directionRows', () => {
  const [plain, natural] = directionRows(old, 0.1);

  it('goes the same way in both parameters by the natural gradient', () => {
    expect(natural!.step_1).toBe(natural!.step_2);
    // √(2δ / Σ ½ p (1 − p))
    const p = 1 / (1 + Math.exp(3));
    expect(natural!.step_1).toBeCloseTo(Math.sqrt(0.2 / (0.125 + (p * (1 - p)) / 2)), 12);
  });

  it('goes as far in both directions, and nowhere gains more to first order than by the natural gradient', () => {
    for (const row of [plain!, natural!]) expect(row.quadratic_kl).toBeCloseTo(0.1, 12);
    expect(natural!.linear_gain).toBeGreaterThan(plain!.linear_gain);
  });

  it('has the true KL to second order', () => {
    for (const row of directionRows(old, 1e-6)) expect(row.kl / 1e-6).toBeCloseTo(1, 2);
  });

  it('refuses a region that is none', () => {
    expect(() => directionRows(old, 0)).toThrow('maxKl is 0; expected a number of nats above 0.');
  });
});

it('has the slope of the surrogate, ½ p (1 − p)', () => {
  const h = 1e-6;
  expect((surrogateGain(old, [h, -3]) - surrogateGain(old, [-h, -3])) / (2 * h)).toBeCloseTo(0.125, 9);
});

it('draws the boundary where the KL is δ', () => {
  const rows = regionPaths(old, 0.1);
  for (const { theta_1, theta_2 } of rows.filter(({ path }) => path === 'KL = δ')) {
    expect(meanKl(old, [theta_1, theta_2])).toBeCloseTo(0.1, 10);
  }
  expect(rows.filter(({ path }) => path === 'natural gradient')).toHaveLength(2);
});

it('has a grid around the old parameters, where nothing is gained', () => {
  const grid = surrogateGrid(old, [1, 2], 3);
  expect(grid).toHaveLength(9);
  expect(grid[4]).toEqual({ theta_1: 0, theta_2: -3, gain: 0 });
});
