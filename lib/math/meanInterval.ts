/** The mean of a few runs, and how well it is known. */
import { mean, standardError } from './statistics';

export interface MeanInterval {
  /** n, the values that are numbers. */
  readonly count: number;
  /** NaN without any. */
  readonly mean: number;
  /** Of the 95 % interval; null for fewer than two values. */
  readonly lower: number | null;
  readonly upper: number | null;
}

/** The 97.5 % quantile of Student's t with 1 to 10 degrees of freedom. */
const quantiles = [
  12.7062047364, 4.30265272975, 3.18244630528, 2.7764451052, 2.57058183564, 2.44691185114, 2.36462425159,
  2.3060041352, 2.2621571628, 2.22813885199,
];

/** Beyond the table by the expansion in 1/ν (Abramowitz & Stegun 26.7.5), exact to five digits there. */
function studentQuantile(freedom: number): number {
  const tabled = quantiles[freedom - 1];
  if (tabled !== undefined) return tabled;
  const z = 1.95996398454;
  return (
    z +
    (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3) +
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / (92160 * freedom ** 4)
  );
}

/**
 * mean ± t(0.975, n − 1) · s/√n: Student's interval, which takes the runs for independent draws from a normal
 * distribution. With n = 5 it is 1.24 s to each side. What is missing or not finite does not count.
 */
export function meanInterval(values: readonly (number | null | undefined)[]): MeanInterval {
  const finite = values.filter((value): value is number => Number.isFinite(value));
  const center = mean(finite);
  if (finite.length < 2) return { count: finite.length, mean: center, lower: null, upper: null };
  const half = studentQuantile(finite.length - 1) * standardError(finite);
  return { count: finite.length, mean: center, lower: center - half, upper: center + half };
}
