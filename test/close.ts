import { expect } from 'vitest';

/** Compares two arrays of the same shape number by number: |actual − expected| ≤ tolerance · max(1, |expected|). */
export function expectClose(actual: unknown, expected: unknown, tolerance: number): void {
  const a = [actual].flat(8) as number[];
  const e = [expected].flat(8) as number[];
  expect(a.length).toBe(e.length);
  a.forEach((value, i) => {
    const error = Math.abs(value - e[i]!) / Math.max(1, Math.abs(e[i]!));
    expect(error, `number ${i} is ${value}, expected ${e[i]}`).toBeLessThanOrEqual(tolerance);
  });
}

/**
 * Compares gradients and other numbers far below 1: |actual − expected| ≤ tolerance · the largest |expected|. Each is a
 * sum whose terms float32 rounds by that measure, so that one much smaller than the others is not held to its own size.
 */
export function expectCloseInScale(actual: unknown, expected: unknown, tolerance: number): void {
  const e = [expected].flat(8) as number[];
  const scale = Math.max(...e.map(Math.abs));
  expect(scale, 'the largest expected number').toBeGreaterThan(0);
  const inScale = (numbers: unknown) => ([numbers].flat(8) as number[]).map((value) => value / scale);
  expectClose(inScale(actual), inScale(expected), tolerance);
}

/** |actual / expected − 1| ≤ tolerance for each number: for those whose every digit counts, however small they are. */
export function expectRelative(
  actual: readonly number[],
  expected: readonly number[],
  tolerance: number,
): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    const error = Math.abs(value / expected[i]! - 1);
    expect(error, `number ${i} is ${value}, expected ${expected[i]}`).toBeLessThanOrEqual(tolerance);
  });
}

/**
 * Central differences of a function of numbers, by five points: off by step⁴/30 times the fifth derivative, so that
 * the step can be large where the function is rounded to float32, which costs about 1.5 roundings over the step.
 */
export function numericalGradient(
  f: (x: readonly number[]) => number,
  x: readonly number[],
  step: number,
): number[] {
  return x.map((_, i) => {
    const at = (shift: number) => f(x.map((value, j) => (j === i ? value + shift : value)));
    return (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
  });
}
