/** A sweep of TRPO, PPO and GRPO under the names that readers know them by. */
import type { Fields } from '../../errors/fields';
import { type SweptRow, type SweptRun, sweptRows } from '../../notebook/sweep';

/** What a sweep calls "ppo", or "ppo clipRange=0.1": "PPO clipRange=0.1". */
export const algorithmName = (setting: string): string =>
  setting.replace(/^\S+/u, (algorithm) => algorithm.toUpperCase());

/** The rows of a live figure, each setting by that name. */
export const named = (rows: readonly SweptRow[]): SweptRow[] =>
  rows.map((row) => Object.assign({}, row, { setting: algorithmName(row.setting) }));

export interface ContestRow {
  readonly seed: number;
  readonly algorithm: string;
  readonly step: number;
  /** Sampled by this run so far, this step's included. */
  readonly trajectories: number;
  /** Mean over the step's trajectories. */
  readonly reward: number;
  /** Greedy, by the task's own rule whatever the reward; null at steps without an evaluation. */
  readonly accuracy: number | null;
  /** The same on what is held out; null before the last step, and where nothing is. */
  readonly held_out_accuracy: number | null;
  /** k3 of the policy that acted from the start, mean over actions, in nats; null without a reference. */
  readonly kl: number | null;
  /** Mean over actions, in nats. */
  readonly entropy: number;
}

/** What all algorithms tell of a step, of each run in the sweep's order. */
export function contestRows(runs: readonly SweptRun[]): ContestRow[] {
  const perStep = runs.flatMap(({ run, rows }) => rows.map(() => trajectoriesOf(run.spec.config)));
  return sweptRows(runs).map((row, i) => ({
    seed: row.seed,
    algorithm: algorithmName(row.setting),
    step: row.step,
    trajectories: row.step * perStep[i]!,
    reward: row.reward,
    accuracy: row.accuracy,
    held_out_accuracy: row.held_out_accuracy ?? null,
    kl: row.kl ?? null,
    entropy: row.entropy,
  }));
}

const trajectoriesOf = ({ queries, groupSize }: Fields): number => Number(queries) * Number(groupSize);
