/** `npm run experiment -- list` */
import { join } from 'node:path';
import { keptRuns } from '../experiments/run/runFolder';
import { resultsFolder, shownPath } from './resultsFolder';
import { statusOf } from './runStatus';
import { textTable } from './textTable';
import { duration, measured, settingsText } from './words';

/** A line for each run. */
export function listText(out: string | null): string {
  const runs = join(resultsFolder(out), 'runs');
  const kept = keptRuns(runs);
  if (kept.length === 0) return `There are no runs in ${shownPath(runs)}.`;
  const rows = kept.map((run) => {
    const { status, step, steps, reward, accuracy, seconds } = statusOf(run);
    return [
      run.spec.name,
      status,
      `${step}/${steps}`,
      measured(reward),
      measured(accuracy),
      seconds === null ? '' : duration(seconds),
      [...(run.spec.preset === 'lab' ? [] : [run.spec.preset]), settingsText(run.spec.set)].join(' ').trim(),
    ];
  });
  return textTable([['run', 'status', 'steps', 'reward', 'accuracy', 'time', 'preset and set'], ...rows]);
}
