/** The rows of many runs as one tidy table: a row for each run and step, the same columns for all. */
import type { Fields } from '../../errors/fields';
import type { CsvValue } from '../../files/csvText';
import { type RunSpec, type SettingValue, settingOf } from '../run/runSpec';

export interface RunRows {
  readonly spec: RunSpec;
  /** As `readRows` gives them. */
  readonly rows: readonly Fields[];
}

export type TidyRow = Readonly<Record<string, CsvValue>>;

/**
 * `run, task, algorithm, preset, setting, set.<name>…, seed, global_step`, then each column that any run has. What a run
 * does not set, or has not measured, is null.
 */
export function tidyRows(runs: readonly RunRows[]): TidyRow[] {
  const set = unionOf(runs.map(({ spec }) => spec.set));
  const columns = unionOf(runs.flatMap(({ rows }) => rows)).filter(
    (name) => name !== 'seed' && name !== 'global_step',
  );
  return runs.flatMap(({ spec, rows }) => {
    const { name: run, task, algorithm, preset, seed } = spec;
    const settings = set.map((name) => [`set.${name}`, cellOf(spec.set[name])]);
    const own = {
      run,
      task,
      algorithm,
      preset,
      setting: settingOf(spec),
      ...Object.fromEntries(settings),
      seed,
    };
    return rows.map((row) => ({
      ...own,
      global_step: row.global_step as number,
      ...Object.fromEntries(columns.map((column) => [column, (row[column] ?? null) as CsvValue])),
    }));
  });
}

/** In order of first appearance. */
const unionOf = (all: readonly object[]): string[] => [...new Set(all.flatMap((one) => Object.keys(one)))];

/** A list, an object or null is its JSON: null was set, where an empty cell was not. */
function cellOf(value: SettingValue | undefined): CsvValue {
  return typeof value === 'object' ? JSON.stringify(value) : value;
}
