/** GRPO and its descendants, each as its own authors run it. */
import { frozen, type GrpoPreset, noKlInLoss, tokenClip, torchAdam } from './preset';
import { verlGrpo } from './verl';

/**
 * GRPO as DeepSeekMath trains with it: section 4.2. What the paper leaves open is TRL's: the clip, n − 1 and ε of the
 * standard deviation, AdamW and its norm.
 */
const deepseekMathGrpo: GrpoPreset = {
  ...torchAdam,
  learningRate: 1e-6,
  warmupSteps: 0,
  schedule: 'constant',
  minimumShare: 0,
  maxGradNorm: 1,
  epochs: 1,
  minibatches: 1,
  temperature: 1,
  maxRollouts: 1,
  baseline: 'mean',
  scale: 'group',
  ddof: 1,
  scaleEpsilon: 1e-4,
  surrogate: 'clipped',
  ...tokenClip,
  aggregation: 'seq-mean-token-mean',
  ...noKlInLoss,
  klCoefficient: 0.04,
};

/** Without the two biases that its authors found: neither by σ nor by a response's own length. */
const drGrpoGrpo: GrpoPreset = {
  ...torchAdam,
  beta2: 0.95,
  learningRate: 1e-6,
  warmupSteps: 0,
  schedule: 'constant',
  minimumShare: 0,
  maxGradNorm: 1,
  epochs: 1,
  minibatches: 8,
  temperature: 1,
  maxRollouts: 1,
  baseline: 'mean',
  scale: 'none',
  ddof: 1,
  scaleEpsilon: 0,
  surrogate: 'clipped',
  ...tokenClip,
  // divided by the most tokens that a response may have: maxLength, T unless said
  aggregation: 'seq-mean-token-sum-norm',
  ...noKlInLoss,
};

/**
 * verl's GRPO with a higher clip above, no KL, a wider dual clip and dynamic sampling. Its fourth part, the penalty of
 * overlong responses, is a reward: `length`. Its rollouts sample three times the queries of a batch at once, which
 * says how often it samples and not what it learns from.
 */
const dapoGrpo: GrpoPreset = {
  ...verlGrpo,
  weightDecay: 0.1,
  warmupSteps: 10,
  minibatches: 16,
  maxRollouts: 10,
  clipHigh: 0.28,
  dualClip: 10,
  klCoefficient: 0,
};

/**
 * The ratio of a whole response, clipped to a thousandth of what a token's is clipped to; it counts once. The learning
 * rate also rises over the first 5 % of the updates, which depends on how many there are: set `warmupSteps`.
 */
const gspoGrpo: GrpoPreset = {
  ...verlGrpo,
  weightDecay: 0.1,
  ratio: 'sequence',
  clipLow: 3e-4,
  clipHigh: 4e-4,
  dualClip: null,
  aggregation: 'seq-mean-token-mean',
  klCoefficient: 0,
};

export const deepseekMath = frozen({
  source: 'Shao et al. 2024, section 4.2, arXiv:2402.03300; it has no code of its own',
  grpo: deepseekMathGrpo,
});
export const drGrpo = frozen({
  source:
    'Liu et al. 2025, arXiv:2503.20783; understand-r1-zero, commit dfca49d: train_zero_math.py, examples/qwen2.5-math-7b.sh; oat 0.1.3: oat/algorithms/ppo.py',
  grpo: drGrpoGrpo,
});
export const dapo = frozen({
  source: 'Yu et al. 2025, arXiv:2503.14476; verl-recipe, commit 48ea0a7: dapo/run_dapo_qwen2.5_32b.sh',
  grpo: dapoGrpo,
});
export const gspo = frozen({
  source:
    'Zheng et al. 2025, section 5.1, arXiv:2507.18071; verl, commit b178a3c: examples/gspo_trainer/test_gspo_3b_math.sh',
  grpo: gspoGrpo,
});
