/** How settings ended, over their seeds. */
import type { RunSummary } from '../experiments/run/runFolder';
import { type RunSpec, settingOf } from '../experiments/run/runSpec';
import { groupBy } from '../math/groupBy';
import { meanInterval } from '../math/meanInterval';
import { textTable } from './textTable';
import { duration, measured, settingsText } from './words';

/**
 * A line for each setting: the means over its runs that are done, from two of them on with the 95 % interval.
 * @param summaries by the runs' names
 */
export function endsTable(specs: readonly RunSpec[], summaries: ReadonlyMap<string, RunSummary>): string {
  const rows = [...groupBy(specs, (spec: RunSpec) => settingOf(spec))].map(([setting, members]) => {
    const ends = members.flatMap(({ name }) => summaries.get(name) ?? []);
    const done = ends.filter(({ status }) => status === 'done');
    return [
      setting,
      `${done.length}/${members.length}`,
      meanText(done.map(({ reward }) => reward)),
      meanText(done.map(({ accuracy }) => accuracy)),
      meanText(done.map(({ held_out_accuracy }) => held_out_accuracy)),
      duration(ends.reduce((sum, { seconds }) => sum + seconds, 0)),
      settingsText(members[0]!.set),
    ];
  });
  return textTable([['setting', 'done', 'reward', 'accuracy', 'held out', 'time', 'set'], ...rows]);
}

function meanText(values: readonly (number | null)[]): string {
  const { count, mean, lower, upper } = meanInterval(values);
  if (count === 0) return '';
  if (lower === null || upper === null) return measured(mean);
  return `${measured(mean)} (${measured(lower)} to ${measured(upper)})`;
}
