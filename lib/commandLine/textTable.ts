/**
 * Rows of text as columns: the first and the last start at the left, those between end at the right. A column that is
 * empty under its header is left out.
 * @param rows the first is the header
 */
export function textTable(rows: readonly (readonly string[])[]): string {
  const [header = [], ...lines] = rows;
  const filled = header
    .map((_, i) => i)
    .filter((i) => lines.length === 0 || lines.some((line) => line[i] !== ''));
  const widths = filled.map((i) => Math.max(...rows.map((row) => row[i]!.length)));
  const last = filled.at(-1) === header.length - 1 ? filled.length - 1 : -1;
  const cell = (row: readonly string[], i: number, at: number) =>
    at === 0 || at === last ? row[i]!.padEnd(widths[at]!) : row[i]!.padStart(widths[at]!);
  return rows
    .map((row) =>
      filled
        .map((i, at) => cell(row, i, at))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
