/**
 * Where a run keeps what it did:
 *   <results>/runs/<task>__<algorithm>__<seed>__<id>/
 *     config.json       the run's spec, and with what it was made
 *     progress.csv      a row a step, under the names that the algorithm's peer logs
 *     progress.jsonl    the same rows under the lab's own names
 *     completions.csv   what was said, what it earned, and its advantage
 *     checkpoints/      step-000020.safetensors, step-000020.json, …
 *     summary.json      how it ended
 *     events.out.tfevents.…   for TensorBoard, where it was asked for
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fields, isFields } from '../../errors/fields';
import { InputError } from '../../errors/inputError';
import { resultsFolder } from '../../files/resultsFolder';
import type { TrainingRow } from '../definitions/algorithmDefinition';
import type { RunSpec } from './runSpec';

export const runsFolder = (): string => join(resultsFolder(), 'runs');

export const runFiles = {
  config: 'config.json',
  progress: 'progress.csv',
  rows: 'progress.jsonl',
  completions: 'completions.csv',
  checkpoints: 'checkpoints',
  summary: 'summary.json',
} as const;

export interface RunSummary {
  readonly status: 'done' | 'failed';
  /** Steps taken. */
  readonly step: number;
  /** Of the last row; null where there is none. */
  readonly reward: number | null;
  readonly accuracy: number | null;
  /** On what no training saw; null where there is none, and before the end. */
  readonly held_out_accuracy: number | null;
  /** The checkpoint with the highest accuracy, then reward; null where there is none. */
  readonly best_step: number | null;
  /** Spent on this run in all, by every process that took it up. */
  readonly seconds: number;
  /** How often it was taken up again. */
  readonly resumed: number;
  /** Why it failed; empty for a run that is done. */
  readonly reason: string;
}

/** A run as its folder tells of it; the summary is null while it has not ended. */
export interface KeptRun {
  readonly folder: string;
  readonly spec: RunSpec;
  readonly made: Fields;
  readonly summary: RunSummary | null;
}

/** The runs in a folder of runs, by name; none where there is no such folder. */
export function keptRuns(runs: string): KeptRun[] {
  if (!existsSync(runs)) return [];
  return readdirSync(runs)
    .sort()
    .filter((name) => existsSync(join(runs, name, runFiles.config)))
    .map((name) => readRun(join(runs, name)));
}

/** @throws InputError for a folder whose config.json or summary.json is not as a run writes it */
export function readRun(folder: string): KeptRun {
  const { made, ...spec } = readJson(join(folder, runFiles.config));
  if (typeof spec.name !== 'string' || !isFields(spec.config)) {
    throw new InputError(
      `${join(folder, runFiles.config)} has no name or no config; expected those of a run.`,
    );
  }
  return {
    folder,
    spec: spec as unknown as RunSpec,
    made: isFields(made) ? made : {},
    summary: readSummary(folder),
  };
}

export function readSummary(folder: string): RunSummary | null {
  const path = join(folder, runFiles.summary);
  return existsSync(path) ? (readJson(path) as unknown as RunSummary) : null;
}

/** The rows of a run under the lab's own names, each with its global_step and seed. */
export function readRows(folder: string): Fields[] {
  const path = join(folder, runFiles.rows);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  // what follows the last line break is a row that was cut off
  return lines.slice(0, -1).map((line, i) => parseFields(line, `${path}, line ${i + 1},`));
}

/** The same as the loop that trains yields them: the step under its own name, the seed left to the run. */
export function readTrainingRows(folder: string): TrainingRow[] {
  return readRows(folder).map(
    ({ global_step, seed: _, ...row }) => ({ step: global_step, ...row }) as unknown as TrainingRow,
  );
}

const readJson = (path: string): Fields => parseFields(readFileSync(path, 'utf8'), path);

function parseFields(text: string, where: string): Fields {
  try {
    const fields: unknown = JSON.parse(text);
    if (isFields(fields)) return fields;
  } catch {
    // told below
  }
  throw new InputError(`${where} holds no JSON object, or was cut off.`);
}
