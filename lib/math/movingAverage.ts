import { mean } from './statistics';

/**
 * The rows with one column more, `<column>_average`: the mean of the column over this row and those before it, at most
 * `window` in all. It shows the course of a noisy learning curve, half a window late.
 */
export function withMovingAverage<Column extends string, Row extends { readonly [Key in Column]: number }>(
  rows: readonly Row[],
  column: Column,
  window: number,
): (Row & { readonly [Key in `${Column}_average`]: number })[] {
  const values = rows.map((row) => row[column]);
  return rows.map((row, i) => {
    const average = mean(values.slice(Math.max(0, i + 1 - window), i + 1));
    return { ...row, [`${column}_average`]: average } as Row & {
      readonly [Key in `${Column}_average`]: number;
    };
  });
}
