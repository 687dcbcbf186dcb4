/** A rollout, trajectory by trajectory: what was asked, what was said, and what the update made of it. */
import { mean } from '../../math/statistics';
import type { Trajectory } from './rollout';

export interface CompletionRow {
  readonly step: number;
  /** Counts from 0 within a step; the trajectories of one query follow each other. */
  readonly trajectory: number;
  readonly query: string;
  readonly response: string;
  /** The sum of the task's rewards. */
  readonly reward: number;
  /** Mean over the trajectory's actions; with GRPO all are the same. */
  readonly advantage: number;
  /** Actions taken, the end token included. */
  readonly length: number;
  /** 1 where it ended by itself, 0 where it was cut off. */
  readonly ended: 0 | 1;
  /** `score_<name>`: what the reward is made of. */
  readonly [score: `score_${string}`]: number;
}

export function completionRows(
  step: number,
  trajectories: readonly Trajectory[],
  advantages: readonly (readonly number[])[],
): CompletionRow[] {
  return trajectories.map(({ query, response, rewards, scores, ended }, trajectory) => ({
    step,
    trajectory,
    query,
    response,
    reward: rewards.reduce((sum, reward) => sum + reward, 0),
    advantage: mean(advantages[trajectory]!),
    length: rewards.length,
    ended: ended ? 1 : 0,
    ...Object.fromEntries(Object.entries(scores).map(([name, score]) => [`score_${name}`, score])),
  }));
}
