/** The fields that several algorithms have, each with the sentence that documents it. */

import { z } from 'zod';
import {
  above0,
  above0OrInfinity,
  above0OrNull,
  count,
  ddof,
  from0,
  oneOf,
  share,
  shareBelow1,
  wholeFrom0,
} from './fields';

export const rolloutFields = {
  steps: count().describe('Rollouts, each followed by its updates; from 1.'),
  queries: count().describe('Queries of a rollout; from 1.'),
  groupSize: count().describe('Trajectories for each query, which GRPO compares with each other; from 1.'),
  temperature: above0().describe('Divides the logits of rollouts; above 0, and 1 samples the policy itself.'),
  evaluateEvery: count().describe(
    'Steps between two measurements of the greedy accuracy, which the last step also has; from 1.',
  ),
};

export const adamWFields = {
  beta1: shareBelow1()
    .exactOptional()
    .describe("AdamW's decay of the mean gradient, below 1; 0.9 unless set."),
  beta2: shareBelow1()
    .exactOptional()
    .describe("AdamW's decay of the mean squared gradient, below 1; 0.999 unless set."),
  epsilon: above0()
    .exactOptional()
    .describe("AdamW's ε beside the root of the squared gradient, above 0; 1e-8 unless set."),
  weightDecay: from0().exactOptional().describe("AdamW's λ, from 0; 0, plain Adam, unless set."),
};

export const optimizerFields = {
  ...adamWFields,
  learningRate: above0().describe('The largest learning rate; above 0.'),
  warmupSteps: wholeFrom0().describe('Steps over which the learning rate rises from 0; from 0 to steps.'),
  schedule: oneOf('linear', 'cosine', 'constant')
    .exactOptional()
    .describe('How the learning rate falls over the steps: linear, cosine or constant; linear unless set.'),
  minimumShare: share()
    .exactOptional()
    .describe('The share of the learning rate that it falls to, from 0 to 1; 0 unless set.'),
  maxGradNorm: above0OrInfinity().describe(
    'Euclidean norm that the gradient is scaled down to; above 0, and Infinity leaves it.',
  ),
};

export const minibatchFields = {
  epochs: count().describe('Passes over each rollout; from 1.'),
  minibatches: count().describe(
    'Updates of a pass, into which it cuts the trajectories equally; divides queries · groupSize.',
  ),
};

export const aggregationField = oneOf(
  'token-mean',
  'seq-mean-token-mean',
  'seq-mean-token-sum',
  'seq-mean-token-sum-norm',
  'token-sum',
);

export const clipFields = {
  clipLow: above0().describe(
    'ε below: the ratio is clipped to at least 1 − ε; above 0, and 1 does not clip.',
  ),
  clipHigh: above0OrInfinity().describe(
    'ε above: the ratio is clipped to at most 1 + ε; above 0, and Infinity does not clip.',
  ),
  dualClip: z
    .number({ error: 'null, or a number above 1' })
    .gt(1, 'null, or a number above 1')
    .nullable()
    .exactOptional()
    .describe('c above 1: of a negative advantage the loss is at most −c · advantage; null unless set.'),
  ratioCap: above0OrNull()
    .exactOptional()
    .describe('The most that a ratio counts where it is not clipped, above 0; null unless set.'),
  ratio: oneOf('token', 'sequence', 'sequence-sum')
    .exactOptional()
    .describe(
      'Of what the ratio is: a token, a response by its mean over tokens, or by their product; token unless set.',
    ),
  aggregation: aggregationField
    .exactOptional()
    .describe('How the losses of tokens become one number; token-mean, over all of them, unless set.'),
  maxLength: count()
    .exactOptional()
    .describe('Tokens that seq-mean-token-sum-norm divides by; the longest that the task allows unless set.'),
};

export const criticFields = {
  discount: share().describe('γ, from 0 to 1: what a reward one action later is worth.'),
  lambda: share().describe('λ of GAE, from 0 to 1: 0 trusts the critic, 1 the rewards.'),
  valueTarget: oneOf('lambda-return', 'return')
    .exactOptional()
    .describe(
      'What the critic learns: lambda-return, as far as λ trusts it, unless set, or the whole return.',
    ),
  valueLearningRate: above0().describe("The critic's learning rate; above 0."),
  whitening: z
    .strictObject(
      {
        ddof: ddof().describe('1 divides the squares by n − 1, 0 by n.'),
        epsilon: from0().describe('ε beside the deviation, or as `form` says; from 0.'),
        form: oneOf('variance', 'deviation', 'clamp').describe(
          'Where ε enters: variance √(σ² + ε), deviation σ + ε, or clamp √max(σ², ε).',
        ),
      },
      { error: 'null, or an object with ddof, epsilon and form' },
    )
    .readonly()
    .nullable()
    .describe('How advantages get mean 0 and deviation 1; null leaves them as they are.'),
};

/** Where the group is what a response is compared with. */
export const groupBaselineField = oneOf('none', 'mean', 'leave-one-out').describe(
  "What a reward is compared with: nothing, its group's mean, or the mean of the group's others.",
);
