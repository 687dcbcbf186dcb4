/** An algorithm as an experiment names it: what its config may hold, and the loop that trains. */
import type { z } from 'zod';
import type { Inspection } from '../../algorithms/reinforcementConfig';
import type { Memory } from '../../algorithms/updates/memory';
import type { Fields } from '../../errors/fields';
import type { Random } from '../../math/random';
import type { OpenTask, TaskDefinition } from './taskDefinition';

/** What every training loop tells of a step; each has columns of its own besides. */
export interface TrainingRow {
  readonly step: number;
  /** Mean over the step's trajectories. */
  readonly reward: number;
  /** Greedy; null at steps without an evaluation. */
  readonly accuracy: number | null;
  /** Mean over actions, in nats. */
  readonly entropy: number;
  /** From the reference, mean over actions, in nats; null, or missing, without a reference. */
  readonly kl?: number | null;
  /** Taken in all rollouts so far, this step's included; added by the run that logs it. */
  readonly actions?: number;
  readonly [column: string]: number | null | undefined;
}

/** What a loop gets besides its task, models and config. */
export interface RunAttachments {
  readonly memory: Memory;
  readonly inspection?: Inspection;
}

export interface AlgorithmDefinition {
  readonly name: string;
  /** Its fields, each with a sentence; `superRefine` refuses impossible combinations of them. */
  readonly schema: z.ZodType<Fields>;
  /** Each field's name → the sentence that documents it. */
  readonly documentation: Readonly<Record<string, string>>;
  /** The names of the presets that have this algorithm: "lab", "trl", … */
  readonly presets: readonly string[];
  /**
   * The whole config of a preset on a task, before anything is set.
   * @param preset one of `presets`
   */
  defaults(task: TaskDefinition, preset: string): Fields;
  /** As in `TaskDefinition`. */
  readonly source: string;
  train(
    open: OpenTask,
    config: Fields,
    random: Random,
    attachments: RunAttachments,
  ): AsyncGenerator<TrainingRow, void>;
  /**
   * The row under the names that the field's tools know: stable-baselines3's for PPO and TRPO, TRL's for GRPO. null is
   * a missing value. The same columns for each row of a run.
   */
  peerRow(row: TrainingRow, config: Fields): Readonly<Record<string, number | null>>;
}
