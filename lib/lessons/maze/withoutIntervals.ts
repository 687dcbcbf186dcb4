/** Rows of `intervalRows` for a table that shows means alone: their `_lower`, `_upper` and `seeds` stay in the CSV. */
export function withoutIntervals(rows: readonly object[]): Record<string, unknown>[] {
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !/_(lower|upper)$|^seeds$/u.test(name))),
  );
}
