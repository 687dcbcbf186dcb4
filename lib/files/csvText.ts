import { stringify } from 'csv-stringify/sync';

export type CsvValue = string | number | bigint | boolean | null | undefined;

function listed(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(', ');
}

/**
 * In which columns a row differs, as the predicate of a sentence: 'lacks "loss" and has "lost" beyond …'. Empty where
 * it has just those.
 * @param whose whose columns they are: "the first row's"
 */
export function columnFaults(columns: readonly string[], row: object, whose: string): string {
  const missing = columns.filter((column) => !Object.hasOwn(row, column));
  const extra = Object.keys(row).filter((column) => !columns.includes(column));
  const faults = [
    missing.length > 0 ? `lacks ${listed(missing)}` : '',
    extra.length > 0 ? `has ${listed(extra)} beyond ${whose} columns` : '',
  ];
  return faults.filter(Boolean).join(' and ');
}

/** The columns of the first row, which every row must have. */
function commonColumns(name: string, rows: readonly object[]): string[] {
  const first = rows[0];
  if (first === undefined) throw new Error(`The CSV "${name}" has no rows, so its columns are not known.`);
  const columns = Object.keys(first);
  if (columns.length === 0) throw new Error(`Row 1 of the CSV "${name}" has no columns.`);
  rows.forEach((row, i) => {
    const faults = columnFaults(columns, row, "the first row's");
    if (faults !== '') throw new Error(`Row ${i + 1} of the CSV "${name}" ${faults}.`);
  });
  return columns;
}

/** The text of a value; the empty text stands for a missing one. */
function cellText(value: unknown, column: string, where: string): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      // Readers of "NaN" disagree: danfo takes it, and then the whole column, for text.
      return Number.isNaN(value) ? '' : String(value);
    case 'undefined':
      return '';
  }
  if (value === null) return '';
  throw new Error(
    `${where} holds ${Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`} in column "${column}"; expected text, a number, true, false or nothing.`,
  );
}

/**
 * The texts of a row's values, in the order of the columns.
 * @param where what an error calls the row
 * @throws when a value is an object
 */
export function cellTexts(columns: readonly string[], row: object, where: string): string[] {
  const values = row as Readonly<Record<string, unknown>>;
  return columns.map((column) => cellText(values[column], column, where));
}

/** Texts as lines of CSV, all of as many cells. */
export function csvLines(lines: readonly (readonly string[])[]): string {
  return stringify(lines as string[][], {
    record_delimiter: '\n',
    quoted_match: /\r/,
    // Readers skip an empty line; in a single column it would be a missing value.
    quoted_empty: lines[0]?.length === 1,
  });
}

/**
 * Rows as CSV text: RFC 4180 quoting, LF, a header. null, undefined and NaN are empty; numbers are the shortest
 * text that reads back as the same number, the infinities Infinity and -Infinity; truth values are true and false.
 * @param name what errors call the table
 * @throws when rows have different columns, when there are none, or when a value is an object
 */
export function csvText(name: string, rows: readonly object[]): string {
  const columns = commonColumns(name, rows);
  const cells = rows.map((row, i) => cellTexts(columns, row, `Row ${i + 1} of the CSV "${name}"`));
  return csvLines([columns, ...cells]);
}
