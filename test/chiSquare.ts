import { expect } from 'vitest';

/** What χ² exceeds with probability 0.001, for 1 to 10 degrees of freedom. */
const critical = [10.828, 13.816, 16.266, 18.467, 20.515, 22.458, 24.322, 26.124, 27.877, 29.588];

/**
 * Pearson's χ² test of how often each place was drawn: Σ (count − n p)²/(n p) over the k places of positive probability
 * stays below the critical value of k − 1 degrees of freedom at p = 0.001, and no other place was drawn.
 * @param probabilities sum to 1
 */
export function expectFrequencies(counts: readonly number[], probabilities: readonly number[]): void {
  expect(counts).toHaveLength(probabilities.length);
  const draws = counts.reduce((sum, count) => sum + count, 0);
  let chiSquare = 0;
  let freedom = -1;
  for (const [place, probability] of probabilities.entries()) {
    const count = counts[place]!;
    if (probability === 0) {
      expect(count, `draws of place ${place}, which has probability 0`).toBe(0);
      continue;
    }
    const mean = draws * probability;
    // below 5 draws the statistic is not yet distributed as χ²
    expect(mean, `expected draws of place ${place}`).toBeGreaterThanOrEqual(5);
    chiSquare += (count - mean) ** 2 / mean;
    freedom += 1;
  }
  expect(chiSquare, `χ² with ${freedom} degrees of freedom`).toBeLessThan(critical[freedom - 1]!);
}

/** How often each of `places` numbers 0, 1, … was drawn. */
export function countDraws(drawn: Iterable<number>, places: number): number[] {
  const counts = new Array<number>(places).fill(0);
  for (const place of drawn) counts[place]! += 1;
  return counts;
}
