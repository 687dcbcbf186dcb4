import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CompletionRow } from '../../algorithms/rollouts/completionRows';
import { csvRecords } from '../../files/csvRecords';
import { runFiles } from './runFolder';

/** What is text; all else is a number. */
const texts = ['query', 'response'];

/** What a run's completions.csv holds, in its order; none where it kept none. */
export function readCompletions(folder: string): CompletionRow[] {
  const path = join(folder, runFiles.completions);
  if (!existsSync(path)) return [];
  const [header, ...records] = csvRecords(readFileSync(path, 'utf8'));
  return records.map(({ cells }) => {
    const {
      global_step,
      seed: _,
      ...others
    } = Object.fromEntries(
      header!.cells.map((name, i) => [name, texts.includes(name) ? cells[i] : Number(cells[i])]),
    );
    return { step: global_step, ...others } as unknown as CompletionRow;
  });
}
