import { mean } from './statistics';

/**
 * The mean of the middle half: of n values, the ⌊n/4⌋ smallest and the ⌊n/4⌋ largest do not count. An outlier moves
 * it less than the mean, and it needs fewer runs than the median. With fewer than four values it is the mean.
 * Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge of the Statistical Precipice", arXiv:2108.13264,
 * section 4.3: as in their rliable, scipy.stats.trim_mean(values, 0.25).
 * @param values finite, in any order; over several tasks those of all together
 * @returns      in their unit; NaN for no values
 */
export function interquartileMean(values: readonly number[]): number {
  const cut = Math.floor(values.length / 4);
  const ordered = [...values].sort((a, b) => a - b);
  return mean(ordered.slice(cut, ordered.length - cut));
}
