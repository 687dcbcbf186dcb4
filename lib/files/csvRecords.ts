/** Reads what csvText.ts writes, as far as it is whole. */

export interface CsvRecord {
  readonly cells: readonly string[];
  /** As it stands in the file, its line break included. */
  readonly text: string;
}

/**
 * The records up to the first that is not whole: one cut off before its line break, within quotes too, or one that
 * csvText would not write.
 */
export function csvRecords(text: string): CsvRecord[] {
  const cell = /("[^"]*(?:""[^"]*)*"|[^",\r\n]*)([,\n])/y;
  const records: CsvRecord[] = [];
  let start = 0;
  let cells: string[] = [];
  for (let match = cell.exec(text); match; match = cell.exec(text)) {
    const [, written, end] = match;
    cells.push(written!.startsWith('"') ? written!.slice(1, -1).replaceAll('""', '"') : written!);
    if (end === ',') continue;
    records.push({ cells, text: text.slice(start, cell.lastIndex) });
    start = cell.lastIndex;
    cells = [];
  }
  return records;
}
