/** A task as an experiment names it: what is learnt, the models that begin on it, and how large a run of it is. */
import type { GrpoConfig } from '../../algorithms/grpo';
import type { PpoConfig } from '../../algorithms/ppo';
import type { ReinforceConfig } from '../../algorithms/reinforce';
import type { Task } from '../../algorithms/rollouts/rollout';
import type { TrpoConfig } from '../../algorithms/trpo';
import type { Random } from '../../math/random';
import type { Critic, Policy, States } from '../../models/policy';

/** The configs of all training loops, by the algorithm's name. */
export interface Configs {
  readonly reinforce: ReinforceConfig;
  readonly grpo: GrpoConfig;
  readonly ppo: PpoConfig;
  readonly trpo: TrpoConfig;
}

/** What one run trains and learns from. */
export interface OpenTask<S extends States = States> {
  readonly task: Task<S>;
  /** What no training sees, evaluated after the last step; null where there is none. */
  readonly heldOut: Task<S> | null;
  readonly policy: Policy<S>;
  /** For TRPO and PPO; the others leave it alone. */
  readonly critic: Critic<S>;
  /** The policy that a KL is measured from; null where there is none. Runs may share it. */
  readonly reference: Policy<S> | null;
  /** Frees what this run alone has besides its policy and its critic. */
  dispose?(): void;
}

export interface TaskDefinition<S extends States = States> {
  readonly name: string;
  /** One sentence, for a list of the tasks. */
  readonly description: string;
  /** What the preset "lab" says: whole configs that are known to learn this task. */
  readonly settings: Configs;
  /** What takes the place of other presets' values: sizes of rollouts, and learning rates for small models. */
  readonly size: { readonly [Algorithm in keyof Configs]: Partial<Configs[Algorithm]> };
  /** How many queries there are to draw from, each at most once in a rollout; null where they may repeat. */
  readonly queries: number | null;
  readonly hasReference: boolean;
  /**
   * Text that sets this definition apart from another of its name, such as the source of a reward written in a cell:
   * part of a run's id. Empty for those of the lab.
   */
  readonly source: string;
  /** @param random models draw their first parameters from it */
  open(random: Random): Promise<OpenTask<S>>;
}
