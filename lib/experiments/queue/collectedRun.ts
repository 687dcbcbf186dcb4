/** A run that other machines train, as its folder on this one has it so far. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../errors/inputError';
import type { TrainingRow } from '../definitions/algorithmDefinition';
import { stepsOfJsonLinesLog } from '../run/jsonLinesLog';
import { readTrainingRows, runFiles } from '../run/runFolder';
import { lockRun } from '../run/runLock';
import type { RunSpec } from '../run/runSpec';
import type { SweepEvent } from '../sweep/sweepEvent';
import { type Snapshot, snapshotOf, writeSnapshot } from './snapshot';

export interface CollectedRun {
  readonly spec: RunSpec;
  readonly folder: string;
  /** Of the newest checkpoint; 0 without any. */
  step: number;
  /** Path within the folder → SHA-256. */
  files: Readonly<Record<string, string>>;
  /** How many rows were told, here or in an earlier process: row n is of step n. */
  told: number;
  /** Gives the folder free; null until something is written. */
  unlock: (() => void) | null;
}

export function openCollected(spec: RunSpec, runs: string): CollectedRun {
  const folder = join(runs, spec.name);
  const { step, files } = snapshotOf(folder, null).manifest;
  const told = stepsOfJsonLinesLog(join(folder, runFiles.rows)).length;
  return { spec, folder, step, files, told, unlock: null };
}

/**
 * Takes a snapshot's files over, and tells what they have that was not told. An older one than there is, which a server
 * has that was restarted from an older dump, is left alone: its run will come to the same step again.
 * @throws InputError where the folder cannot be written, or another process writes it
 */
export async function collect(
  run: CollectedRun,
  snapshot: Snapshot,
  hear: (event: SweepEvent) => void,
): Promise<void> {
  const { step, files } = snapshot.manifest;
  if (step < run.step) return;
  try {
    mkdirSync(run.folder, { recursive: true });
    run.unlock ??= await lockRun(run.folder);
    await writeSnapshot(run.folder, snapshot);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${run.folder} cannot be written: ${(error as Error).message}.`);
  }
  const isNewer = step > run.step;
  run.step = step;
  run.files = files;
  for (const row of readTrainingRows(run.folder).slice(run.told)) tellRow(run, row, hear);
  if (isNewer) hear({ run: run.spec.name, kind: 'checkpoint', step });
}

/** Each row once, in order: one that comes early is told from the next snapshot, which has those before it as well. */
export function tellRow(run: CollectedRun, row: TrainingRow, hear: (event: SweepEvent) => void): void {
  if (row.step !== run.told + 1) return;
  run.told = row.step;
  hear({ run: run.spec.name, kind: 'row', row });
}

/** What a worker needs to go on from what this folder has; nothing where there is no checkpoint in it. */
export function ownSnapshot({ folder }: CollectedRun): Snapshot | null {
  if (!existsSync(folder)) return null;
  const snapshot = snapshotOf(folder, null);
  return snapshot.manifest.step > 0 ? snapshot : null;
}
