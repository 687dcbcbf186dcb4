/** CleanRL. */
import {
  frozen,
  neverStopped,
  noKlControl,
  noUpdateKl,
  type PpoPreset,
  tokenClip,
  torchAdam,
} from './preset';

/**
 * A minibatch is a quarter of the actions, here of the trajectories. One optimizer has policy and critic, and clips
 * their gradients by the norm of both together; here each has its own. Where a KL stops the updates, CleanRL looks at
 * it after each epoch, here before each update.
 */
const ppo: PpoPreset = {
  ...torchAdam,
  epsilon: 1e-5,
  learningRate: 2.5e-4,
  valueLearningRate: 2.5e-4,
  warmupSteps: 0,
  schedule: 'linear',
  minimumShare: 0,
  maxGradNorm: 0.5,
  epochs: 4,
  minibatches: 4,
  temperature: 1,
  discount: 0.99,
  lambda: 0.95,
  valueTarget: 'lambda-return',
  whitening: { ddof: 1, epsilon: 1e-8, form: 'deviation' },
  whitenOver: 'minibatch',
  ...tokenClip,
  aggregation: 'token-mean',
  klCoefficient: 0,
  ...noKlControl,
  entropyCoefficient: 0.01,
  valueClipRange: 0.2,
  valueClipForm: 'max',
  valueCoefficient: 0.5,
  ...neverStopped,
  ...noUpdateKl,
};

export const cleanrl = frozen({ source: 'CleanRL, commit fe8d8a0: cleanrl/ppo.py', ppo });
