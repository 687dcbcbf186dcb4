/** A preset: every choice of method that a program or a paper makes, and nothing of the size of an experiment. */
import type { GrpoConfig } from '../grpo';
import type { PpoConfig } from '../ppo';
import type { TrpoConfig } from '../trpo';

/** What the experiment adds; `maxLength` is the most tokens that its responses may have. */
type Experiment = 'steps' | 'queries' | 'groupSize' | 'evaluateEvery' | 'maxLength';

/** Nothing is left to a default, so that two presets show all in which they differ. */
type Preset<Config> = Readonly<Required<Omit<Config, Experiment>>>;

export type GrpoPreset = Preset<GrpoConfig>;
export type PpoPreset = Preset<PpoConfig>;
export type TrpoPreset = Preset<TrpoConfig>;

/** The same object, which nobody can change from now on. */
export function frozen<T extends object>(value: T): Readonly<T> {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) frozen(inner);
  }
  return Object.freeze(value);
}

/** torch.optim's Adam and AdamW where nothing else is said. */
export const torchAdam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const;

/** A clipped surrogate of each token's ratio, the same distance to both sides, that nothing else bounds. */
export const tokenClip = {
  clipLow: 0.2,
  clipHigh: 0.2,
  dualClip: null,
  ratioCap: null,
  ratio: 'token',
} as const;

/** The KL term as GRPO has it, and without weight. */
export const noKlInLoss = {
  klPlace: 'loss',
  klCoefficient: 0,
  klEstimator: 'k3',
  klClamp: null,
  klWeighting: 'none',
} as const;

/** A fixed β: no KL is large enough to change it. */
export const noKlControl = {
  klControl: 'fixed',
  klTarget: Number.POSITIVE_INFINITY,
  klHorizon: Number.POSITIVE_INFINITY,
  klPer: 'trajectory',
} as const;

/** Updates that no KL stops. */
export const neverStopped = { klStop: null, klStopEstimator: 'k3', klStops: 'both' } as const;

/** Nothing but the clip holds a step's updates back. */
export const noUpdateKl = { updateKlCoefficient: 0, updateKlTarget: null } as const;
