/** All that decides what a run does: plain JSON, which travels to another process or machine and back. */
import type { Fields } from '../../errors/fields';

export type SettingValue = number | string | boolean | null | Fields | readonly number[];

export interface RunSpec {
  /** `<task>__<algorithm>__<seed>__<id>`: also the name of its folder. */
  readonly name: string;
  readonly task: string;
  readonly algorithm: string;
  readonly preset: string;
  readonly seed: number;
  /** The first 8 hexadecimal digits of the SHA-256 of all that is the same for every seed. */
  readonly id: string;
  /** What this run sets beyond its preset, as it was asked for: `{ clipRange: 0.2 }`. */
  readonly set: Readonly<Record<string, SettingValue>>;
  /** The resolved config. JSON has no ∞: there it is the text "Infinity". */
  readonly config: Fields;
  readonly keeping: Keeping;
}

/** What a run keeps, none of which changes what it computes. */
export interface Keeping {
  /** Steps between two checkpoints; the last step always has one. */
  readonly checkpointEvery: number;
  /** How many of the newest checkpoints stay; the best stays besides. */
  readonly keepCheckpoints: number;
  /** Steps between two steps whose completions are kept; 0 keeps none. */
  readonly completionsEvery: number;
  /** Whether TensorBoard's event files are written. */
  readonly tensorboard: boolean;
}

/** The same setting with any seed. */
export const settingOf = ({ task, algorithm, id }: Pick<RunSpec, 'task' | 'algorithm' | 'id'>): string =>
  `${task}__${algorithm}__${id}`;
