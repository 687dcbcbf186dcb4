/** `npm run experiment -- export [PART…]`: many runs as one CSV. */
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { InputError } from '../errors/inputError';
import { tidyRows } from '../experiments/comparison/tidyRows';
import { keptRuns, readRows } from '../experiments/run/runFolder';
import { csvText } from '../files/csvText';
import type { ExportOptions } from './options';
import { resultsFolder, shownPath } from './resultsFolder';
import { counted, someOf } from './words';

/**
 * Writes the rows of each run that has one of the parts in its name, or of all runs.
 * @throws InputError for a part that no run has, where there are no rows, and where the file cannot be written
 */
export function exportRuns({ parts, to, out }: ExportOptions): string {
  const results = resultsFolder(out);
  const kept = keptRuns(join(results, 'runs'));
  const names = kept.map(({ spec }) => spec.name);
  const strange = parts.find((part) => !names.some((name) => name.includes(part)));
  if (strange !== undefined) {
    throw new InputError(
      `there is no run "${strange}"; ${names.length > 0 ? `there are ${someOf(names)}` : 'there are no runs at all'}.`,
    );
  }
  const chosen = kept.filter(
    ({ spec }) => parts.length === 0 || parts.some((part) => spec.name.includes(part)),
  );
  const tell = progress(chosen.length);
  const runs = chosen.map(({ spec, folder }, i) => {
    tell(i);
    return { spec, rows: readRows(folder) };
  });
  const rows = tidyRows(runs);
  if (rows.length === 0)
    throw new InputError(`no run in ${shownPath(join(results, 'runs'))} has rows yet; expected some.`);
  const path = to === null ? join(results, 'runs.csv') : resolve(to);
  write(path, csvText(shownPath(path), rows));
  return `${shownPath(path)}: ${counted(rows.length, 'row')} of ${counted(chosen.length, 'run')}`;
}

function write(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileAtomic.sync(path, text);
  } catch (error) {
    throw new InputError(`${path} cannot be written: ${(error as Error).message}.`);
  }
}

/** A line on stderr every second. */
function progress(total: number): (done: number) => void {
  let told = Date.now();
  return (done) => {
    if (Date.now() - told < 1000) return;
    told = Date.now();
    process.stderr.write(`export: ${done} of ${total} runs\n`);
  };
}
