/** Shows rows as a table. */
import { display } from './display';
import { numberText } from './numberText';

/** What is read of a danfo DataFrame; danfo itself need not be loaded. */
export interface DataFrameLike {
  readonly columns: readonly string[];
  /** One array per row. */
  readonly values: readonly unknown[];
  readonly index: readonly (string | number)[];
}

export interface TableOptions {
  readonly caption?: string;
  /** Significant digits of numbers that are not whole; 4 by default. */
  readonly digits?: number;
}

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** Longer tables show their first and last rows, this many in all. */
const shownRows = 20;

function isDataFrame(source: object): source is DataFrameLike {
  return !Array.isArray(source) && 'columns' in source && 'values' in source && 'index' in source;
}

/** The index of a data frame is a column of its own unless it only counts the rows. */
function tableOfDataFrame({ columns, values, index }: DataFrameLike): Table {
  const rows = values as readonly (readonly unknown[])[];
  if (index.every((label, i) => label === i)) return { columns, rows };
  return { columns: ['', ...columns], rows: rows.map((row, i) => [index[i], ...row]) };
}

function tableOfRows(source: readonly object[]): Table {
  const columns = [...new Set(source.flatMap((row) => Object.keys(row)))];
  return { columns, rows: source.map((row) => columns.map((key) => (row as Record<string, unknown>)[key])) };
}

function cellText(value: unknown, digits: number | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return numberText(value, digits);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Columns that hold numbers, or nothing, are aligned to the right. */
function numericColumns({ columns, rows }: Table): boolean[] {
  return columns.map((_, i) => {
    const values = rows.map((row) => row[i]).filter((value) => value !== null && value !== undefined);
    return (
      values.length > 0 && values.every((value) => typeof value === 'number' || typeof value === 'bigint')
    );
  });
}

function htmlTable(
  lines: readonly string[][],
  header: readonly string[],
  numeric: readonly boolean[],
): string {
  const row = (cells: readonly string[], tag: 'th' | 'td') =>
    `<tr>${cells
      .map((cell, i) => {
        const align = numeric[i] ? 'right' : 'left';
        return `<${tag} style="text-align: ${align}">${escapeHtml(cell).replaceAll('\n', '<br>')}</${tag}>`;
      })
      .join('')}</tr>`;
  return [
    '<table>',
    `<thead>${row(header, 'th')}</thead>`,
    '<tbody>',
    ...lines.map((line) => row(line, 'td')),
    '</tbody>',
    '</table>',
  ].join('\n');
}

function textTable(
  lines: readonly string[][],
  header: readonly string[],
  numeric: readonly boolean[],
): string {
  // A line break inside a cell would break the table.
  const all = [header, ...lines].map((line) => line.map((cell) => cell.replaceAll('\n', '\\n')));
  const widths = header.map((_, i) => Math.max(...all.map((line) => line[i]!.length)));
  return all
    .map((line) =>
      line
        .map((cell, i) => (numeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Shows rows, or a danfo DataFrame, as a table; a long one without its middle. */
export function showTable(source: readonly object[] | DataFrameLike, options: TableOptions = {}): void {
  const table = isDataFrame(source) ? tableOfDataFrame(source) : tableOfRows(source);
  const numeric = numericColumns(table);
  const lines = table.rows.map((row) => table.columns.map((_, i) => cellText(row[i], options.digits)));
  const long = lines.length > shownRows;
  if (long) {
    const half = shownRows / 2;
    const gap = table.columns.map(() => '…');
    lines.splice(half, lines.length - shownRows, gap);
  }
  const notes = [options.caption, long ? `${table.rows.length} rows, ${shownRows} shown` : undefined];
  const above = notes.filter((note) => note !== undefined).join(' · ');
  display({
    data: {
      'text/html': [
        ...(above ? [`<div>${escapeHtml(above)}</div>`] : []),
        htmlTable(lines, table.columns, numeric),
      ].join('\n'),
      'text/plain': [...(above ? [above] : []), textTable(lines, table.columns, numeric)].join('\n'),
    },
  });
}
