import { mean, standardDeviation } from '../math/statistics';

export interface WhiteningOptions {
  /** 1 divides the squares by n − 1, 0 by n. */
  readonly ddof: 0 | 1;
  readonly epsilon: number;
  /**
   * Where ε enters: under the root, √(σ² + ε) (TRL, verl); beside it, σ + ε (SB3, CleanRL; Spinning Up with 0); or as
   * the least variance, √max(σ², ε) (OpenRLHF).
   */
  readonly form: 'variance' | 'deviation' | 'clamp';
}

/**
 * Advantages with mean 0 and standard deviation 1 over all actions of all trajectories: (Â − mean) / deviation.
 * All of them equal, or one alone, get exactly 0, also without ε.
 * @param rows one for each trajectory, of its own length
 */
export function whiten(
  rows: readonly (readonly number[])[],
  { ddof, epsilon, form }: WhiteningOptions,
): number[][] {
  const all = rows.flat();
  const deviation = all.length > ddof ? standardDeviation(all, ddof) : 0;
  // not by their difference from the mean, which may be rounded: that of three times 0.1 is not 0.1
  if (deviation === 0) return rows.map((row) => row.map(() => 0));
  const center = mean(all);
  const divisor = {
    variance: Math.sqrt(deviation ** 2 + epsilon),
    deviation: deviation + epsilon,
    clamp: Math.sqrt(Math.max(deviation ** 2, epsilon)),
  }[form];
  return rows.map((row) => row.map((value) => (value - center) / divisor));
}
