/** Which of several settings ended highest, and whether a few seeds can tell. */
import { InputError } from '../../errors/inputError';
import { meanInterval } from '../../math/meanInterval';

export interface Ranked {
  readonly setting: string;
  readonly mean: number;
  readonly lower: number | null;
  readonly upper: number | null;
}

export interface Ranking {
  /** From the highest mean to the lowest. */
  readonly order: readonly Ranked[];
  readonly best: Ranked;
  readonly worst: Ranked;
  /** Whether the 95 % intervals of the best and the worst lie apart; false where a single seed has none. */
  readonly apart: boolean;
}

/**
 * Settings by the mean of a column over seeds.
 * @param by     the column that tells settings apart
 * @param column numbers; null does not count
 */
export function ranked<Row extends object>(
  rows: readonly Row[],
  by: keyof Row & string,
  column: keyof Row & string,
): Ranking {
  const settings = [...new Set(rows.map((row) => String(row[by])))];
  const order = settings
    .map((setting): Ranked => {
      const values = rows
        .filter((row) => String(row[by]) === setting)
        .map((row) => row[column] as number | null);
      const { mean, lower, upper } = meanInterval(values);
      return { setting, mean, lower, upper };
    })
    .sort((a, b) => b.mean - a.mean);
  const [best, worst] = [order[0], order.at(-1)];
  if (!best || !worst) throw new InputError(`there are no rows to rank by "${column}".`);
  const apart = best.lower !== null && worst.upper !== null && best.lower > worst.upper;
  return { order, best, worst, apart };
}
