/** How a kept run stands. */
import { lastMeasured } from '../experiments/comparison/lastMeasured';
import { type KeptRun, readRows } from '../experiments/run/runFolder';
import { isLocked } from '../experiments/run/runLock';

export interface RunStatus {
  /** Stopped: it has not ended, and nobody trains it. */
  readonly status: 'done' | 'failed' | 'running' | 'stopped';
  /** Steps taken. */
  readonly step: number;
  readonly steps: number;
  readonly reward: number | null;
  /** The last that was measured. */
  readonly accuracy: number | null;
  /** null before the end. */
  readonly seconds: number | null;
}

export function statusOf({ folder, spec, summary }: KeptRun): RunStatus {
  const steps = Number(spec.config.steps);
  const isRunning = isLocked(folder);
  if (summary && !isRunning) {
    const { status, step, reward, accuracy, seconds } = summary;
    return { status, step, steps, reward, accuracy, seconds };
  }
  const rows = readRows(folder);
  const last = rows.at(-1);
  return {
    status: isRunning ? 'running' : 'stopped',
    step: numberOf(last?.global_step) ?? 0,
    steps,
    reward: numberOf(last?.reward),
    accuracy: lastMeasured(rows, 'accuracy'),
    seconds: null,
  };
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
