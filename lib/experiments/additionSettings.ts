/** Sizes and optimizers with which the committed assistant learns its additions in seconds. */
import type { GrpoConfig } from '../algorithms/grpo';
import type { PpoConfig } from '../algorithms/ppo';
import type { ReinforceConfig } from '../algorithms/reinforce';
import type { TrpoConfig } from '../algorithms/trpo';

const rollouts = {
  steps: 30,
  // nearly all questions each step, and enough answers to each that some are right and some wrong
  queries: 24,
  groupSize: 6,
  temperature: 1,
  evaluateEvery: 5,
};
// a thousand times a preset's, for a model that is smaller than theirs by more; at twice this rate it forgets how to answer
const optimizer = { learningRate: 1e-3, warmupSteps: 5, schedule: 'linear', maxGradNorm: 1 } as const;

/** What any preset needs to train the assistant: grpo(…, { ...presets.drGrpo.grpo, ...onAdditions }, …). */
export const onAdditions = { ...rollouts, ...optimizer };

export const additionSettings: {
  readonly reinforce: ReinforceConfig;
  readonly grpo: GrpoConfig;
  readonly ppo: PpoConfig;
  readonly trpo: TrpoConfig;
} = {
  reinforce: { ...onAdditions, baseline: 'leave-one-out', aggregation: 'token-mean', discount: 1 },
  grpo: {
    ...onAdditions,
    baseline: 'mean',
    scale: 'group',
    ddof: 1,
    scaleEpsilon: 1e-4,
    clipLow: 0.2,
    clipHigh: 0.2,
    // a rule cannot be got around; a learned reward can, and wants a KL term
    klCoefficient: 0,
    aggregation: 'seq-mean-token-mean',
    // the second update has a ratio to clip
    epochs: 2,
    minibatches: 1,
    maxRollouts: 1,
  },
  ppo: {
    ...onAdditions,
    clipLow: 0.2,
    clipHigh: 0.2,
    klCoefficient: 0,
    klControl: 'fixed',
    klTarget: 1,
    klHorizon: 1,
    epochs: 2,
    minibatches: 2,
    // one reward at the end of six tokens: nothing to discount
    discount: 1,
    lambda: 0.95,
    whitening: { ddof: 1, epsilon: 1e-8, form: 'variance' },
    whitenOver: 'rollout',
    entropyCoefficient: 0,
    valueLearningRate: 1e-3,
    valueClipRange: null,
    valueClipForm: 'max',
    klStop: null,
  },
  trpo: {
    ...rollouts,
    maxKl: 0.02,
    damping: 0.01,
    // more steps of conjugate gradient, or of the critic, take longer and find nothing better
    conjugateGradientSteps: 3,
    lineSearchSteps: 10,
    backtrackFactor: 0.8,
    discount: 1,
    lambda: 0.95,
    whitening: { ddof: 0, epsilon: 0, form: 'deviation' },
    valueSteps: 2,
    valueLearningRate: 2e-3,
  },
};
