/** Folders of runs that nobody trained. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunSummary } from '../../lib/experiments/run/runFolder';
import type { RunSpec, SettingValue } from '../../lib/experiments/run/runSpec';

export interface MadeUp {
  readonly seed: number;
  readonly id?: string;
  readonly algorithm?: string;
  readonly set?: Readonly<Record<string, SettingValue>>;
  readonly preset?: string;
}

export function runSpec({
  seed,
  id = 'aaaaaaaa',
  algorithm = 'grpo',
  set = {},
  preset = 'lab',
}: MadeUp): RunSpec {
  return {
    name: `room__${algorithm}__${seed}__${id}`,
    task: 'room',
    algorithm,
    preset,
    seed,
    id,
    set,
    config: { steps: 40, learningRate: 0.05, ...set },
    keeping: { checkpointEvery: 5, keepCheckpoints: 2, completionsEvery: 5, tensorboard: false },
  };
}

export type Row = Readonly<Record<string, number | null>>;

/** @param rows without global_step and seed; step i + 1 has the i-th */
export function keepRun(
  results: string,
  spec: RunSpec,
  rows: readonly Row[],
  summary: Partial<RunSummary> | null = { status: 'done' },
): string {
  const folder = join(results, 'runs', spec.name);
  mkdirSync(join(folder, 'checkpoints'), { recursive: true });
  const made = {
    commit: null,
    changed: false,
    code: 'of another time',
    engine: { name: 'cpu' },
    versions: {},
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...spec, made }));
  const lines = rows.map((row, i) => `${JSON.stringify({ global_step: i + 1, seed: spec.seed, ...row })}\n`);
  writeFileSync(join(folder, 'progress.jsonl'), lines.join(''));
  const last = rows.at(-1);
  const whole = {
    step: rows.length,
    reward: last?.reward ?? null,
    accuracy: last?.accuracy ?? null,
    held_out_accuracy: null,
    best_step: null,
    seconds: 72,
    resumed: 0,
    reason: '',
  };
  if (summary) writeFileSync(join(folder, 'summary.json'), JSON.stringify({ ...whole, ...summary }));
  return folder;
}
