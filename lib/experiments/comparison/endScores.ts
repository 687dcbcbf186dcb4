/** The score of a run at its end, and which runs have one. */
import type { Fields } from '../../errors/fields';
import type { KeptRun } from '../run/runFolder';
import { settingOf } from '../run/runSpec';
import type { SeedScore } from './compareSettings';
import { lastMeasured } from './lastMeasured';

export const metrics = ['accuracy', 'reward', 'held_out_accuracy', 'kl'] as const;
/** A column of the lab's rows. */
export type Metric = (typeof metrics)[number];

/** A run and its rows: read once, since long runs have many. */
export interface ScoredRun {
  readonly run: KeptRun;
  readonly rows: readonly Fields[];
}

export interface EndScores {
  readonly scores: readonly SeedScore[];
  /** Of each run that does not count, or counts with less than a whole training, why. */
  readonly notices: readonly string[];
}

/** Accuracy, unless a run has none: then all are compared by their reward. */
export const metricOf = (runs: readonly ScoredRun[]): Metric =>
  runs.some(({ rows }) => lastMeasured(rows, 'accuracy') === null) ? 'reward' : 'accuracy';

/**
 * The last value of the metric that a run measured. One that has not ended does not count. One that failed counts with
 * what it came to: without it its setting would look better than it is.
 * @param labels what settings are called, by their names
 */
export function endScores(
  runs: readonly ScoredRun[],
  metric: Metric,
  labels: ReadonlyMap<string, string>,
): EndScores {
  const scores: SeedScore[] = [];
  const notices: string[] = [];
  for (const { run, rows } of runs) {
    const { name, seed } = run.spec;
    const score = lastMeasured(rows, metric);
    if (run.summary === null) notices.push(`${name} has not ended and does not count.`);
    else if (score === null) notices.push(`${name} has no ${metric} and does not count.`);
    else {
      scores.push({ setting: labels.get(settingOf(run.spec))!, seed, score });
      if (run.summary.status === 'failed') notices.push(`${name} failed and counts with what it came to.`);
    }
  }
  return { scores, notices };
}
