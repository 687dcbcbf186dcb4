/**
 * A row log as JSON lines, one object a line, its columns always in the same order. JSON knows no NaN and no ∞: they
 * are null, as missing values are.
 */
import { isFields } from '../../errors/fields';
import { columnFaults } from '../../files/csvText';
import { type LoggedRow, openRowLog, type RowFormat, type RowLog, stepsOfLog } from './rowLog';

const jsonLines: RowFormat = {
  head: () => '',
  line: (columns, row) =>
    `${JSON.stringify(Object.fromEntries(columns.map((column) => [column, row[column] ?? null])))}\n`,
  read: (text) => {
    let columns: readonly string[] | null = null;
    const rows: LoggedRow[] = [];
    // what follows the last line break was cut off
    for (const line of text.split('\n').slice(0, -1)) {
      const fields = parse(line);
      if (!isFields(fields) || !Number.isSafeInteger(fields.global_step)) break;
      columns ??= Object.keys(fields);
      if (columnFaults(columns, fields, '') !== '') break;
      rows.push({ step: Number(fields.global_step), text: `${line}\n` });
    }
    return { columns: columns ?? [], rows };
  },
};

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** As `openRowLog`. */
export const openJsonLinesLog = (path: string, keepUntil: number): RowLog =>
  openRowLog(path, keepUntil, jsonLines);

/** The step of each whole row, in order; none where there is no such file. */
export const stepsOfJsonLinesLog = (path: string): number[] => stepsOfLog(path, jsonLines);
