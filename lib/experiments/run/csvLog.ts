/** A row log as CSV, written as csvText.ts writes it: missing values and NaN are empty, ∞ is Infinity. */
import { csvRecords } from '../../files/csvRecords';
import { cellTexts, csvLines } from '../../files/csvText';
import { openRowLog, type RowFormat, type RowLog, stepsOfLog } from './rowLog';

const csv: RowFormat = {
  head: (columns) => csvLines([columns]),
  line: (columns, row) => csvLines([cellTexts(columns, row, `the row of step ${row.global_step}`)]),
  read: (text) => {
    const [header, ...records] = csvRecords(text);
    const columns = header?.cells ?? [];
    const at = columns.indexOf('global_step');
    const isRow = (cells: readonly string[]) =>
      cells.length === columns.length && /^[0-9]+$/.test(cells[at] ?? '');
    const damaged = records.findIndex(({ cells }) => !isRow(cells));
    const whole = damaged === -1 ? records : records.slice(0, damaged);
    return { columns, rows: whole.map(({ cells, text }) => ({ step: Number(cells[at]), text })) };
  },
};

/** As `openRowLog`; the header comes with the first row. */
export const openCsvLog = (path: string, keepUntil: number): RowLog => openRowLog(path, keepUntil, csv);

/** The step of each whole row, in order; none where there is no such file. */
export const stepsOfCsvLog = (path: string): number[] => stepsOfLog(path, csv);
