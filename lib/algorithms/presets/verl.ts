/** verl, by ByteDance; its losses cut a token's log-ratio to ±20, which nothing here does. */
import {
  frozen,
  type GrpoPreset,
  neverStopped,
  noKlInLoss,
  noUpdateKl,
  type PpoPreset,
  tokenClip,
  torchAdam,
} from './preset';

/** A rollout is 1,024 queries, an update 256 of them. */
const trainer = {
  ...torchAdam,
  weightDecay: 0.01,
  learningRate: 1e-6,
  warmupSteps: 0,
  schedule: 'constant',
  minimumShare: 0,
  maxGradNorm: 1,
  epochs: 1,
  minibatches: 4,
  temperature: 1,
} as const;

/**
 * As verl's page on GRPO and its scripts have it: `use_kl_loss` is on, which the program's default is not; the mean
 * is over tokens, though the paper's is over responses.
 */
export const verlGrpo: GrpoPreset = {
  ...trainer,
  maxRollouts: 1,
  baseline: 'mean',
  scale: 'group',
  ddof: 1,
  scaleEpsilon: 1e-6,
  surrogate: 'clipped',
  ...tokenClip,
  dualClip: 3,
  aggregation: 'token-mean',
  ...noKlInLoss,
  klCoefficient: 0.001,
  klClamp: { logRatio: 20, estimate: 10 },
};

/** No KL penalty unless `use_kl_in_reward` is set, whose coefficient is 0.001. */
const ppo: PpoPreset = {
  ...trainer,
  valueLearningRate: 1e-5,
  discount: 1,
  lambda: 1,
  valueTarget: 'lambda-return',
  whitening: { ddof: 1, epsilon: 1e-8, form: 'variance' },
  whitenOver: 'rollout',
  ...tokenClip,
  dualClip: 3,
  aggregation: 'token-mean',
  klCoefficient: 0,
  klControl: 'fixed',
  klTarget: 0.1,
  klHorizon: 10_000,
  klPer: 'token',
  entropyCoefficient: 0,
  valueClipRange: 0.5,
  valueClipForm: 'max',
  valueCoefficient: 1,
  ...neverStopped,
  ...noUpdateKl,
};

export const verl = frozen({
  source: 'verl 0.9.1: verl/trainer/ppo/core_algos.py, verl/workers/utils/losses.py, verl/trainer/config',
  grpo: verlGrpo,
  ppo,
});
