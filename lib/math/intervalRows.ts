import { InputError } from '../errors/inputError';
import { groupBy } from './groupBy';
import { meanInterval } from './meanInterval';

/** `<column>`, `<column>_lower` and `<column>_upper` for each column. */
export type Intervals<Column extends string> = {
  readonly [Key in Column | `${Column}_lower` | `${Column}_upper`]: number | null;
};

/**
 * Rows of several seeds as one row for each combination of the columns `by`, in order of first appearance: the number
 * of its rows as `seeds`, and the mean of each column `of` with its 95 % interval.
 *   intervalRows(rows, ['algorithm', 'step'], ['reward', 'kl'])
 * A column that was measured in no row of a combination is null there.
 */
export function intervalRows<
  Row extends object,
  By extends keyof Row & string,
  Of extends keyof Row & string,
>(
  rows: readonly Row[],
  by: readonly By[],
  of: readonly Of[],
): (Pick<Row, By> & { readonly seeds: number } & Intervals<Of>)[] {
  const groups = groupBy(rows, (row) => JSON.stringify(by.map((column) => row[column])));
  return [...groups.values()].map((members) => {
    const intervals = of.flatMap((column) => {
      const { count, mean, lower, upper } = meanInterval(members.map((row) => numberIn(row, column)));
      return [
        [column, count > 0 ? mean : null],
        [`${column}_lower`, lower],
        [`${column}_upper`, upper],
      ];
    });
    const shared = by.map((column) => [column, members[0]![column]]);
    return Object.fromEntries([...shared, ['seeds', members.length], ...intervals]) as Pick<Row, By> & {
      readonly seeds: number;
    } & Intervals<Of>;
  });
}

function numberIn<Row extends object>(row: Row, column: keyof Row & string): number | null {
  const value: unknown = row[column];
  if (typeof value === 'number') return value;
  if (value === null || value === undefined) return null;
  throw new InputError(`the column "${column}" holds ${JSON.stringify(value)}; expected numbers.`);
}
