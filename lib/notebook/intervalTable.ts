import { numberText } from './numberText';
import { showTable, type TableOptions } from './table';

/**
 * Shows rows of `intervalRows` as people read them: a column with its two ends, `reward`, `reward_lower` and
 * `reward_upper`, becomes one, "0.93 (0.9 to 0.96)".
 */
export function showIntervalTable(
  rows: readonly object[],
  { digits = 3, ...options }: TableOptions = {},
): void {
  showTable(
    rows.map((row) => withIntervals(row as Readonly<Record<string, unknown>>, digits)),
    { digits, ...options },
  );
}

function withIntervals(row: Readonly<Record<string, unknown>>, digits: number): Record<string, unknown> {
  const names = Object.keys(row);
  const isEnd = (name: string) =>
    ['_lower', '_upper'].some((end) => name.endsWith(end) && names.includes(name.slice(0, -end.length)));
  return Object.fromEntries(
    names
      .filter((name) => !isEnd(name))
      .map((name) => [name, withInterval(row[name], row[`${name}_lower`], row[`${name}_upper`], digits)]),
  );
}

function withInterval(value: unknown, lower: unknown, upper: unknown, digits: number): unknown {
  if (typeof value !== 'number' || typeof lower !== 'number' || typeof upper !== 'number') return value;
  const [middle, ...ends] = [value, lower, upper].map((number) => numberText(number, digits));
  return `${middle} (${ends.join(' to ')})`;
}
