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

/** Central differences of a function of numbers. */
export function numericalGradient(
  f: (x: readonly number[]) => number,
  x: readonly number[],
  step: number,
): number[] {
  return x.map((_, i) => {
    const at = (shift: number) => f(x.map((value, j) => (j === i ? value + shift : value)));
    return (at(step) - at(-step)) / (2 * step);
  });
}
