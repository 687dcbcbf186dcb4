/** An experiment as its author writes it, in a cell, in a JSON file or on the command line alike. */
import type { AlgorithmDefinition } from '../definitions/algorithmDefinition';
import type { TaskDefinition } from '../definitions/taskDefinition';
import type { Keeping, SettingValue } from '../run/runSpec';

export interface SweepRequest extends Partial<Keeping> {
  /** The name of one of the lab's tasks or, in a cell, a definition. */
  readonly task: string | TaskDefinition;
  /** One or several, each by name or, in a cell, by a definition. */
  readonly algorithm: string | AlgorithmDefinition | readonly (string | AlgorithmDefinition)[];
  /** Whose choices of method are the defaults; the lab's own unless said. */
  readonly preset?: string;
  readonly seeds: readonly number[];
  /**
   * What is set beyond the preset; a list of values makes a run of each, and several lists a run of each combination.
   * `ppo.clipRange` is set for PPO alone. `clipRange` stands for clipLow and clipHigh, and `whitening.ddof` for one
   * field of `whitening`.
   */
  readonly set?: Readonly<Record<string, SettingValue | readonly SettingValue[]>>;
}
