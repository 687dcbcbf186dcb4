/** Spinning Up, by OpenAI: policy and critic are apart, as they are here, and the critic learns discounted rewards. */
import {
  frozen,
  noKlControl,
  noUpdateKl,
  type PpoPreset,
  type TrpoPreset,
  tokenClip,
  torchAdam,
} from './preset';

const critic = {
  ...torchAdam,
  discount: 0.99,
  lambda: 0.97,
  valueTarget: 'return',
  whitening: { ddof: 0, epsilon: 0, form: 'deviation' },
  temperature: 1,
} as const;

/** 80 steps on the whole rollout; the policy's end where k1 passes 1.5 times a target of 0.01, the critic's do not. */
const ppo: PpoPreset = {
  ...critic,
  learningRate: 3e-4,
  valueLearningRate: 1e-3,
  warmupSteps: 0,
  schedule: 'constant',
  minimumShare: 0,
  maxGradNorm: Number.POSITIVE_INFINITY,
  epochs: 80,
  minibatches: 1,
  whitenOver: 'rollout',
  ...tokenClip,
  aggregation: 'token-mean',
  klCoefficient: 0,
  ...noKlControl,
  entropyCoefficient: 0,
  valueClipRange: null,
  valueClipForm: 'clip',
  valueCoefficient: 1,
  klStop: 0.015,
  klStopEstimator: 'k1',
  klStops: 'policy',
  ...noUpdateKl,
};

/** A step is also taken where the surrogate stays the same. */
const trpo: TrpoPreset = {
  ...critic,
  maxKl: 0.01,
  klDirection: 'old-new',
  damping: 0.1,
  conjugateGradientSteps: 10,
  lineSearchSteps: 10,
  backtrackFactor: 0.8,
  valueSteps: 80,
  valueMinibatches: 1,
  valueLearningRate: 1e-3,
};

export const spinningUp = frozen({
  source: 'Spinning Up, commit 038665d: spinup/algos/pytorch/ppo/ppo.py, spinup/algos/tf1/trpo/trpo.py',
  ppo,
  trpo,
});
