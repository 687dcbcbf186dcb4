/** A training process that trains nothing: it keeps a run's folder as trainRun does, and its rows count the steps. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkpointSteps } from '../../../lib/experiments/run/checkpoints';
import { type RunSummary, readSummary, runFiles } from '../../../lib/experiments/run/runFolder';
import type { RunSpec } from '../../../lib/experiments/run/runSpec';
import type { SweepEvent } from '../../../lib/experiments/sweep/sweepEvent';
import {
  ProcessEnded,
  type TrainingProcess,
  type TrainingRequest,
} from '../../../lib/experiments/sweep/trainingProcess';

/** @param stepTime milliseconds; 0 waits for nothing */
export function stubSpec(seed: number, { steps = 6, stepTime = 0, checkpointEvery = 2 } = {}): RunSpec {
  return {
    name: `stub__none__${seed}__00000000`,
    task: 'stub',
    algorithm: 'none',
    preset: 'lab',
    seed,
    id: '00000000',
    set: {},
    config: { steps, stepTime },
    keeping: { checkpointEvery, keepCheckpoints: 1, completionsEvery: 1, tensorboard: false },
  };
}

/** The text of a log after so many steps. */
export const stubRows = (seed: number, steps: number): string =>
  Array.from({ length: steps }, (_, i) => stubRow(seed, i + 1)).join('');

const stubRow = (seed: number, step: number) =>
  `${JSON.stringify({ global_step: step, seed, reward: seed + step })}\n`;

/** @param interfere what happens at a step, such as the end of the process */
export function stubTraining(interfere?: (run: string, step: number) => void): TrainingProcess {
  let isOver = false;
  return {
    pid: 0,
    end: () => {
      isOver = true;
    },
    train: async ({ spec, runs }: TrainingRequest, hear: (event: SweepEvent) => void) => {
      const run = spec.name;
      const folder = join(runs, run);
      const checkpoints = join(folder, runFiles.checkpoints);
      mkdirSync(checkpoints, { recursive: true });
      const { steps, stepTime } = spec.config as { steps: number; stepTime: number };
      const alive = () => {
        if (isOver) throw new ProcessEnded('its process ended by SIGKILL');
      };
      alive();
      let summary = readSummary(folder);
      if (summary?.status !== 'done') {
        writeFileSync(join(folder, runFiles.config), JSON.stringify(spec));
        const from = checkpointSteps(checkpoints).at(-1) ?? 0;
        const logs = [runFiles.progress, runFiles.rows, runFiles.completions].map((name) =>
          join(folder, name),
        );
        for (const path of logs) {
          const kept = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, from) : [];
          if (kept.length < from) throw new Error(`${path} has fewer rows than its checkpoint counts on`);
          writeFileSync(path, kept.map((line) => `${line}\n`).join(''));
        }
        hear({ run, kind: 'started', from });
        for (let step = from + 1; step <= steps; step++) {
          if (stepTime > 0) await sleep(stepTime);
          alive();
          for (const path of logs) appendFileSync(path, stubRow(spec.seed, step));
          hear({ run, kind: 'row', row: { step, reward: spec.seed + step, accuracy: null, entropy: 0 } });
          if (step % spec.keeping.checkpointEvery === 0 || step === steps) {
            const path = join(checkpoints, `step-${String(step).padStart(6, '0')}`);
            writeFileSync(`${path}.safetensors`, `parameters after ${step}`);
            writeFileSync(`${path}.json`, JSON.stringify({ step, accuracy: null, reward: step }));
            for (const old of checkpointSteps(checkpoints).filter((one) => one < step)) {
              const name = join(checkpoints, `step-${String(old).padStart(6, '0')}`);
              for (const end of ['json', 'safetensors']) rmSync(`${name}.${end}`);
            }
            hear({ run, kind: 'checkpoint', step });
          }
          interfere?.(run, step);
          alive();
        }
        summary = done(steps);
        writeFileSync(join(folder, runFiles.summary), JSON.stringify(summary));
      }
      hear({ run, kind: 'ended', summary });
      return summary;
    },
  };
}

const done = (step: number): RunSummary => ({
  status: 'done',
  step,
  reward: null,
  accuracy: null,
  held_out_accuracy: null,
  best_step: step,
  seconds: 0,
  resumed: 0,
  reason: '',
});
