/**
 * OpenRLHF. It cuts each estimate of the KL to ±10 and each score to ±10; of the two only the estimate in the loss is
 * cut here, and a score is the task's.
 */
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

/**
 * A rollout is 1,024 queries, an update 128 responses: 8 updates where each query has one response, as PPO's default
 * is. The learning rate also rises over the first 3 % of the updates, which depends on how many there are: set
 * `warmupSteps`.
 */
const trainer = {
  ...torchAdam,
  beta2: 0.95,
  learningRate: 1e-6,
  warmupSteps: 0,
  schedule: 'cosine',
  minimumShare: 0.1,
  maxGradNorm: 1,
  epochs: 1,
  minibatches: 8,
  temperature: 1,
} as const;

/**
 * `group_norm` with `kl.use_loss` and k3, which its help names GRPO's; without them k1 is part of the rewards. With
 * groups of G it takes 8 G updates.
 */
const grpo: GrpoPreset = {
  ...trainer,
  maxRollouts: 1,
  baseline: 'mean',
  scale: 'group',
  ddof: 1,
  scaleEpsilon: 1e-9,
  surrogate: 'clipped',
  ...tokenClip,
  aggregation: 'token-mean',
  ...noKlInLoss,
  klCoefficient: 0.01,
  klClamp: { logRatio: Number.POSITIVE_INFINITY, estimate: 10 },
};

const ppo: PpoPreset = {
  ...trainer,
  valueLearningRate: 9e-6,
  discount: 1,
  lambda: 1,
  valueTarget: 'lambda-return',
  whitening: { ddof: 0, epsilon: 1e-8, form: 'clamp' },
  whitenOver: 'rollout',
  ...tokenClip,
  aggregation: 'token-mean',
  klCoefficient: 0.01,
  klControl: 'fixed',
  klTarget: Number.POSITIVE_INFINITY,
  klHorizon: 10_000,
  klPer: 'token',
  entropyCoefficient: 0,
  valueClipRange: 0.5,
  valueClipForm: 'max',
  valueCoefficient: 1,
  ...neverStopped,
  ...noUpdateKl,
};

export const openrlhf = frozen({
  source:
    'OpenRLHF, commit 3c3be62: openrlhf/models/loss.py, trainer/ppo_utils/experience_maker.py, cli/train_ppo_ray.py',
  grpo,
  ppo,
});
