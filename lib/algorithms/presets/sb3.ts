/** Stable-Baselines3, and TRPO from sb3-contrib. */
import {
  frozen,
  neverStopped,
  noKlControl,
  noUpdateKl,
  type PpoPreset,
  type TrpoPreset,
  tokenClip,
  torchAdam,
} from './preset';

const critic = {
  ...torchAdam,
  epsilon: 1e-5,
  discount: 0.99,
  lambda: 0.95,
  valueTarget: 'lambda-return',
  whitening: { ddof: 1, epsilon: 1e-8, form: 'deviation' },
  temperature: 1,
} as const;

/**
 * A rollout is 2,048 actions, an update 64 of them; here a minibatch is cut from whole trajectories. One optimizer has
 * policy and critic, and clips their gradients by the norm of both together; here each has its own.
 */
const ppo: PpoPreset = {
  ...critic,
  learningRate: 3e-4,
  valueLearningRate: 3e-4,
  warmupSteps: 0,
  schedule: 'constant',
  minimumShare: 0,
  maxGradNorm: 0.5,
  epochs: 10,
  minibatches: 32,
  whitenOver: 'minibatch',
  ...tokenClip,
  aggregation: 'token-mean',
  klCoefficient: 0,
  ...noKlControl,
  entropyCoefficient: 0,
  valueClipRange: null,
  valueClipForm: 'clip',
  valueCoefficient: 0.5,
  ...neverStopped,
  ...noUpdateKl,
};

/**
 * The critic passes over a rollout of 2,048 actions 10 times, in minibatches of 128. Conjugate gradient starts from
 * noise of 1e-4, here from 0, and a KL of δ itself is refused.
 */
const trpo: TrpoPreset = {
  ...critic,
  maxKl: 0.01,
  klDirection: 'new-old',
  damping: 0.1,
  conjugateGradientSteps: 15,
  lineSearchSteps: 10,
  backtrackFactor: 0.8,
  valueSteps: 10,
  valueMinibatches: 16,
  valueLearningRate: 1e-3,
};

export const sb3 = frozen({
  source:
    'stable-baselines3 2.9.2: stable_baselines3/ppo/ppo.py; sb3-contrib 2.9.2: sb3_contrib/trpo/trpo.py',
  ppo,
  trpo,
});
