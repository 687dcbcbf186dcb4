import { expect, it } from 'vitest';
import type { GrpoRow } from '../../../lib/algorithms/grpo';
import type { ReinforceRow } from '../../../lib/algorithms/reinforce';
import { trlGrpo } from '../../../lib/experiments/columns/trlColumns';
import type { TrainingRow } from '../../../lib/experiments/definitions/algorithmDefinition';

const base: ReinforceRow & Readonly<Record<'score_correct' | 'score_polite', number>> = {
  step: 3,
  reward: 0.75,
  reward_std: 0.5,
  frac_reward_zero_std: 0.25,
  length_mean: 6.5,
  length_min: 2,
  length_max: 9,
  frac_cut_off: 0.125,
  score_correct: 0.5,
  score_polite: 0.25,
  accuracy: null,
  policy_loss: -0.0625,
  entropy: 1.5,
  grad_norm: 2,
  learning_rate: 1e-3,
};
const grpoRow: GrpoRow = {
  ...base,
  kl: 0.02,
  groups_sampled: 24,
  approx_kl: 0.01,
  approx_kl_k1: 0.011,
  clip_fraction: 0.3,
  clip_fraction_low: 0.1,
  clip_fraction_high: 0.2,
  ratio_mean: 1.01,
  ratio_min: 0.5,
  ratio_max: 2,
};
const grpo = (config: object = {}, row: object = {}) =>
  trlGrpo({ ...grpoRow, ...row } as unknown as TrainingRow, { ...config });

const named = {
  loss: -0.0625,
  grad_norm: 2,
  learning_rate: 1e-3,
  'completions/mean_length': 6.5,
  'completions/min_length': 2,
  'completions/max_length': 9,
  'completions/clipped_ratio': 0.125,
  'completions/mean_terminated_length': null,
  'completions/min_terminated_length': null,
  'completions/max_terminated_length': null,
  'rewards/correct/mean': 0.5,
  'rewards/correct/std': null,
  'rewards/polite/mean': 0.25,
  'rewards/polite/std': null,
  reward: 0.75,
  reward_std: 0.5,
  frac_reward_zero_std: 0.25,
  entropy: 1.5,
};
const ratios = { approx_kl: 0.01, approx_kl_k1: 0.011, ratio_mean: 1.01, ratio_min: 0.5, ratio_max: 2 };

it("has GRPO's numbers under TRL's names, and the others under ours", () => {
  expect(grpo()).toEqual({
    ...named,
    kl: 0.02,
    'clip_ratio/low_mean': 0.1,
    'clip_ratio/low_min': null,
    'clip_ratio/high_mean': 0.2,
    'clip_ratio/high_max': null,
    'clip_ratio/region_mean': 0.3,
    ...ratios,
    accuracy: null,
    groups_sampled: 24,
  });
});

it("has the share that CISPO clips under TRL's name for it alone", () => {
  const row = grpo({ surrogate: 'cispo' });
  expect(row.cispo_clip_ratio).toBe(0.2);
  expect(Object.keys(row).filter((name) => name.startsWith('clip_'))).toEqual([]);
});

it('has the same columns in the same order at each step', () => {
  const names = Object.keys(grpo());
  expect(Object.keys(grpo({}, { step: 4, accuracy: 0.5, kl: null }))).toEqual(names);
  expect(grpo({}, { accuracy: 0.5 }).accuracy).toBe(0.5);
});

it('has what REINFORCE does not tell as a missing value', () => {
  expect(trlGrpo(base as unknown as TrainingRow, {})).toEqual({
    ...named,
    kl: null,
    'clip_ratio/low_mean': null,
    'clip_ratio/low_min': null,
    'clip_ratio/high_mean': null,
    'clip_ratio/high_max': null,
    'clip_ratio/region_mean': null,
    accuracy: null,
  });
});
