/**
 * A log that gains a row with each step, or several. Each row is written at once and whole: a killed process leaves a
 * file that is valid up to its last whole row. Who resumes a run from a checkpoint opens its logs at the checkpoint's
 * step, and later rows, which will be written again, leave the file.
 */
import { existsSync, readFileSync } from 'node:fs';
import { InputError } from '../../errors/inputError';
import { openAppendOnly } from '../../files/appendOnlyFile';
import { type CsvValue, columnFaults } from '../../files/csvText';

export interface LogRow {
  readonly global_step: number;
  readonly [column: string]: CsvValue;
}

/** A row as it stands in the file, its line break included. */
export interface LoggedRow {
  readonly step: number;
  readonly text: string;
}

export interface LoggedRows {
  readonly columns: readonly string[];
  /** As far as they are whole and have these columns. */
  readonly rows: readonly LoggedRow[];
}

/** How rows are written, and read again. */
export interface RowFormat {
  /** What stands before the first row. */
  head(columns: readonly string[]): string;
  line(columns: readonly string[], row: LogRow): string;
  read(text: string): LoggedRows;
}

export interface RowLog {
  /** @throws InputError for a row of other columns than the log's, and where the file cannot be written */
  append(row: LogRow): void;
  /** Waits until the disk has all rows: before a checkpoint is written that counts on them. */
  sync(): void;
  close(): void;
}

/**
 * @param keepUntil the last step whose rows stay, those of a checkpoint; 0 begins anew. The columns are those of the
 *                  rows that stay, or else of the first row to come.
 * @throws          InputError where the file cannot be written
 */
export function openRowLog(path: string, keepUntil: number, format: RowFormat): RowLog {
  const logged = read(path, format);
  const kept = logged.rows.filter(({ step }) => step <= keepUntil);
  let columns = kept.length > 0 ? logged.columns : null;
  const lines = kept.map(({ text }) => text).join('');
  const file = openAppendOnly(path, columns ? format.head(columns) + lines : '');

  return {
    append: (row) => {
      const expected = columns ?? Object.keys(row);
      const faults = columnFaults(expected, row, "the file's");
      if (faults !== '') throw new InputError(`the row of step ${row.global_step} for ${path} ${faults}.`);
      const line = format.line(expected, row);
      file.write(columns ? line : format.head(expected) + line);
      columns = expected;
    },
    sync: file.sync,
    close: file.close,
  };
}

/** The step of each whole row of a log, in order; none where there is no such file. */
export const stepsOfLog = (path: string, format: RowFormat): number[] =>
  read(path, format).rows.map(({ step }) => step);

/** Whether steps 1 … until have one row each, in order; a run whose log lacks some cannot go on from there. */
export function hasEachStep(steps: readonly number[], until: number): boolean {
  const taken = steps.filter((step) => step <= until);
  return taken.length === until && taken.every((step, i) => step === i + 1);
}

function read(path: string, format: RowFormat): LoggedRows {
  return existsSync(path) ? format.read(readFileSync(path, 'utf8')) : { columns: [], rows: [] };
}
