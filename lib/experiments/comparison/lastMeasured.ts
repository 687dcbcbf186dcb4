import type { Fields } from '../../errors/fields';

/** The value of a column in the last row that has one; null where none has. */
export function lastMeasured(rows: readonly Fields[], column: string): number | null {
  const values = rows.map((row) => row[column]).filter((value): value is number => typeof value === 'number');
  return values.at(-1) ?? null;
}
