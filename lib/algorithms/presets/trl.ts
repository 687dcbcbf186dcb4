/** TRL, by Hugging Face. */
import {
  frozen,
  type GrpoPreset,
  neverStopped,
  noKlControl,
  noKlInLoss,
  noUpdateKl,
  type PpoPreset,
  tokenClip,
  torchAdam,
} from './preset';

/** One update on each rollout: `steps_per_generation` is `gradient_accumulation_steps` unless set. */
const trainer = {
  ...torchAdam,
  learningRate: 1e-6,
  warmupSteps: 0,
  schedule: 'linear',
  minimumShare: 0,
  maxGradNorm: 1,
  epochs: 1,
  minibatches: 1,
  temperature: 1,
  maxRollouts: 1,
} as const;

/**
 * `loss_type` dapo: the mean over the tokens of the rollout. With several minibatches TRL divides each by its share of
 * the rollout's tokens, not by its own, as the mean over tokens does here. β is 0; where it is not, TRL weights the KL
 * by the ratio.
 */
const grpo: GrpoPreset = {
  ...trainer,
  baseline: 'mean',
  scale: 'group',
  ddof: 1,
  scaleEpsilon: 1e-4,
  surrogate: 'clipped',
  ...tokenClip,
  aggregation: 'token-mean',
  ...noKlInLoss,
  klWeighting: 'ratio',
};

/** The clipped ratio is that of a whole response, which counts once, however long it is. A setting of `grpo`. */
const rloo: GrpoPreset = {
  ...trainer,
  baseline: 'leave-one-out',
  scale: 'none',
  ddof: 1,
  scaleEpsilon: 0,
  surrogate: 'clipped',
  ...tokenClip,
  ratio: 'sequence-sum',
  aggregation: 'seq-mean-token-mean',
  ...noKlInLoss,
  klPlace: 'reward',
  klCoefficient: 0.05,
  klEstimator: 'k1',
};

/**
 * One optimizer has policy and critic; its gradient is never clipped. To a response that ends before the longest may,
 * TRL gives the score one position after the last token, where the critic has a value too; here it is the reward of
 * the last token itself, so that the two agree on responses of full length.
 */
const ppo: PpoPreset = {
  ...torchAdam,
  learningRate: 3e-6,
  valueLearningRate: 3e-6,
  warmupSteps: 0,
  schedule: 'linear',
  minimumShare: 0,
  maxGradNorm: Number.POSITIVE_INFINITY,
  epochs: 4,
  minibatches: 1,
  temperature: 0.7,
  discount: 1,
  lambda: 0.95,
  valueTarget: 'lambda-return',
  whitening: { ddof: 1, epsilon: 1e-8, form: 'variance' },
  whitenOver: 'rollout',
  ...tokenClip,
  aggregation: 'token-mean',
  klCoefficient: 0.05,
  ...noKlControl,
  entropyCoefficient: 0,
  valueClipRange: 0.2,
  valueClipForm: 'max',
  valueCoefficient: 0.1,
  ...neverStopped,
  ...noUpdateKl,
};

export const trl = frozen({
  source:
    'TRL 1.16.0: trl/trainer/grpo_trainer.py, rloo_trainer.py; PPO, which that release no longer has: commit f2cd577, trl/experimental/ppo/ppo_trainer.py',
  grpo,
  rloo,
  ppo,
});
