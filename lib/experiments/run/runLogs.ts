/** A run's logs, which grow together: a row a step in each, and one a trajectory in completions.csv. */
import { join } from 'node:path';
import type { CompletionRow } from '../../algorithms/rollouts/completionRows';
import type { TrainingRow } from '../definitions/algorithmDefinition';
import { openCsvLog, stepsOfCsvLog } from './csvLog';
import { eventFileName, openEventFile } from './eventFile';
import { openJsonLinesLog, stepsOfJsonLinesLog } from './jsonLinesLog';
import { hasEachStep } from './rowLog';
import { runFiles } from './runFolder';
import type { RunSpec } from './runSpec';

export interface RunLogs {
  /** @param peer the same row under the names that the algorithm's peer logs */
  append(
    row: TrainingRow,
    peer: Readonly<Record<string, number | null>>,
    completions: readonly CompletionRow[],
  ): void;
  sync(): void;
  close(): void;
}

/** @param keepUntil the step of the checkpoint that the run goes on from; 0 begins anew */
export function openRunLogs(folder: string, { seed, keeping }: RunSpec, keepUntil: number): RunLogs {
  const progress = openCsvLog(join(folder, runFiles.progress), keepUntil);
  const rows = openJsonLinesLog(join(folder, runFiles.rows), keepUntil);
  const said =
    keeping.completionsEvery > 0 ? openCsvLog(join(folder, runFiles.completions), keepUntil) : null;
  const events = keeping.tensorboard ? openEventFile(join(folder, eventFileName), keepUntil) : null;
  const all = [progress, rows, said, events];
  return {
    append: ({ step, ...row }, peer, completions) => {
      const at = { global_step: step, seed };
      for (const { step: _, ...completion } of completions) said?.append({ ...at, ...completion });
      rows.append({ ...at, ...row });
      events?.append(step, peer);
      progress.append({ ...at, ...peer });
    },
    sync: () => {
      for (const log of all) log?.sync();
    },
    close: () => {
      for (const log of all) log?.close();
    },
  };
}

/** Whether a run's logs hold each step up to this one: what a checkpoint of it needs to go on from. */
export function wholeUntil(folder: string, step: number): boolean {
  return (
    hasEachStep(stepsOfCsvLog(join(folder, runFiles.progress)), step) &&
    hasEachStep(stepsOfJsonLinesLog(join(folder, runFiles.rows)), step)
  );
}
