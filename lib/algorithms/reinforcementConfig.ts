/** What the configs of all reinforcement learning algorithms have in common. */

import type { CompletionRow } from './rollouts/completionRows';
import type { RolloutRequest } from './rollouts/rollout';
import type { TokenRow } from './rollouts/tokenRows';
import type { AdamWConfig } from './updates/adamW';
import type { LearningRateSchedule } from './updates/learningRate';

export interface ReinforcementConfig extends RolloutRequest {
  /** Rollouts, each followed by its updates. */
  readonly steps: number;
  /** The policy's greedy accuracy is measured each so many steps, and after the last. */
  readonly evaluateEvery: number;
}

export interface OptimizerConfig extends LearningRateSchedule, AdamWConfig {
  /** The gradient is scaled down to this Euclidean norm. */
  readonly maxGradNorm: number;
}

/** The places where an algorithm leaves what it did, besides its rows. */
export interface Inspection {
  /** A row for each action of each trajectory is added here, … */
  readonly tokens?: TokenRow[];
  /** … one for each trajectory here, … */
  readonly completions?: CompletionRow[];
  /** … each so many steps, and at the last. */
  readonly every: number;
}

export function isDue(step: number, every: number, steps: number): boolean {
  return step % every === 0 || step === steps;
}
