import { mkdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { type CsvValue, csvText } from '../files/csvText';
import { resultsFolder } from '../files/resultsFolder';
import { display } from './display';

function csvPath(name: string): string {
  const file = name.endsWith('.csv') ? name : `${name}.csv`;
  const parts = file.split(/[/\\]/);
  if (parts.some((part) => ['', '.', '..', '.csv'].includes(part))) {
    throw new Error(
      `The CSV's name "${name}" must be a path inside the results folder, such as "05-value-model/prefixes".`,
    );
  }
  return join(resultsFolder(), ...parts);
}

/** The path from the project's root, with slashes: the same on every machine. */
function shownPath(path: string): string {
  return relative(process.cwd(), path).split(sep).join('/');
}

/**
 * Writes rows to `<results>/<name>.csv`, whole or not at all, and shows a link to it. Columns stand in the order
 * of the first row's keys. pandas and danfo read numbers, truth values, texts and missing values back as they
 * were, except what CSV cannot tell or a reader does not know:
 *  - a text that looks like a number, a truth value or a missing one ("007", "true", "NA", "") stays text only in a
 *    reader told so (pandas: dtype=str and keep_default_na=False; danfo: dynamicTyping: false);
 *  - danfo takes the infinities, and numbers beyond ±2^53, for text;
 *  - older versions of pandas need float_precision='round_trip' for the last digit.
 * @param name path inside the results folder, such as "05-value-model/prefixes"
 * @throws when rows have different columns, when there are none, or when a value is an object
 */
export function exportCsv<Row extends { readonly [Key in keyof Row]: CsvValue }>(
  name: string,
  rows: readonly Row[],
): void {
  const path = csvPath(name);
  const text = csvText(name, rows);
  mkdirSync(dirname(path), { recursive: true });
  writeFileAtomic.sync(path, text);

  const shown = shownPath(path);
  const size = `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;
  display({
    data: {
      // Notebooks lie one folder below the root.
      'text/html': `CSV: <a href="../${encodeURI(shown)}">${shown}</a> (${size})`,
      'text/plain': `CSV: ${shown} (${size})`,
    },
    metadata: { lab: { csv: shown } },
  });
}
