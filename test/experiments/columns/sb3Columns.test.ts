import { expect, it } from 'vitest';
import type { PpoRow } from '../../../lib/algorithms/ppo';
import { presets } from '../../../lib/algorithms/presets';
import type { TrpoRow } from '../../../lib/algorithms/trpo';
import { sb3Ppo, sb3Trpo } from '../../../lib/experiments/columns/sb3Columns';
import type { TrainingRow } from '../../../lib/experiments/definitions/algorithmDefinition';

const rollout = {
  step: 3,
  reward: 0.75,
  reward_std: 0.5,
  frac_reward_zero_std: 0.25,
  length_mean: 6.5,
  length_min: 2,
  length_max: 9,
  frac_cut_off: 0.125,
  accuracy: null,
};
const own = {
  reward_std: 0.5,
  frac_reward_zero_std: 0.25,
  length_min: 2,
  length_max: 9,
  frac_cut_off: 0.125,
};
const shared = {
  'time/iterations': 3,
  'time/total_timesteps': 1248,
  'rollout/ep_rew_mean': 0.75,
  'rollout/ep_len_mean': 6.5,
  'eval/success_rate': null,
};

const ppoRow: PpoRow & { readonly score_rule: number; readonly actions: number } = {
  ...rollout,
  actions: 1248,
  score_rule: 0.5,
  policy_loss: -0.0625,
  value_loss: 0.5,
  explained_variance: 0.25,
  kl: 0.02,
  kl_coefficient: 0.1,
  entropy: 1.5,
  grad_norm: 2,
  value_grad_norm: 3,
  learning_rate: 1e-3,
  updates: 20,
  update_kl: null,
  update_kl_coefficient: 0,
  approx_kl: 0.01,
  approx_kl_k1: 0.011,
  clip_fraction: 0.3,
  clip_fraction_low: 0.1,
  clip_fraction_high: 0.2,
  ratio_mean: 1.01,
  ratio_min: 0.5,
  ratio_max: 2,
};
const ppoConfig = { ...presets.sb3.ppo, entropyCoefficient: 0.25 };
const ppo = (config: object = {}, row: object = {}) =>
  sb3Ppo({ ...ppoRow, ...row } as unknown as TrainingRow, { ...ppoConfig, ...config });

it("has PPO's numbers under stable-baselines3's names, with its signs, and the others under ours", () => {
  expect(ppo()).toEqual({
    ...shared,
    'train/learning_rate': 1e-3,
    'train/explained_variance': 0.25,
    'train/value_loss': 0.5,
    'train/policy_gradient_loss': -0.0625,
    'train/entropy_loss': -1.5,
    'train/approx_kl': 0.01,
    'train/clip_fraction': 0.3,
    // policy_gradient_loss + ent_coef · entropy_loss + vf_coef · value_loss, vf_coef 0.5
    'train/loss': -0.0625 - 0.25 * 1.5 + 0.5 * 0.5,
    // 10 epochs each step
    'train/n_updates': 30,
    'train/clip_range': 0.2,
    ...own,
    score_rule: 0.5,
    kl: 0.02,
    kl_coefficient: 0.1,
    grad_norm: 2,
    value_grad_norm: 3,
    updates: 20,
    update_kl: null,
    update_kl_coefficient: 0,
    approx_kl_k1: 0.011,
    clip_fraction_low: 0.1,
    clip_fraction_high: 0.2,
    ratio_mean: 1.01,
    ratio_min: 0.5,
    ratio_max: 2,
  });
});

it('has what PPO cannot tell as a missing value', () => {
  expect(ppo({ klStop: 0.015 })['train/n_updates']).toBeNull();
  expect(ppo({ updateKlCoefficient: 1 })['train/loss']).toBeNull();
  expect(ppo({ clipHigh: 0.28 })['train/clip_range']).toBeNull();
  expect(ppo({ valueClipRange: 0.2 })['train/clip_range_vf']).toBe(0.2);
  expect(ppo({}, { kl: undefined }).kl).toBeNull();
});

it('has the same columns in the same order at each step', () => {
  const names = Object.keys(ppo());
  expect(Object.keys(ppo({}, { step: 4, accuracy: 0.5, kl: null, update_kl: 0.1 }))).toEqual(names);
  expect(ppo({}, { accuracy: 0.5 })['eval/success_rate']).toBe(0.5);
});

const trpoRow: TrpoRow & { readonly actions: number } = {
  actions: 1248,
  ...rollout,
  policy_loss: 0.125,
  grad_norm: 2,
  cg_residual: 1e-3,
  expected_improvement: 0.4,
  surrogate_improvement: 0.25,
  kl_step: 0.009,
  line_search_success: 1,
  backtracks: 1,
  refused: '',
  kl: null,
  entropy: 1.5,
  value_loss: 0.5,
  explained_variance: 0.25,
};
const trpo = (row: object = {}) =>
  sb3Trpo({ ...trpoRow, ...row } as unknown as TrainingRow, { ...presets.sb3.trpo });

it("has TRPO's numbers under sb3-contrib's names, and the others under ours", () => {
  expect(trpo()).toEqual({
    ...shared,
    'train/learning_rate': 1e-3,
    'train/explained_variance': 0.25,
    'train/value_loss': 0.5,
    // the objective, so the surrogate loss's negative, that the accepted step raised by 0.25
    'train/policy_objective': 0.125,
    'train/kl_divergence_loss': 0.009,
    'train/is_line_search_success': 1,
    'train/n_updates': 3,
    ...own,
    policy_loss: 0.125,
    grad_norm: 2,
    cg_residual: 1e-3,
    expected_improvement: 0.4,
    surrogate_improvement: 0.25,
    backtracks: 1,
    kl: null,
    entropy: 1.5,
  });
});

it('has the objective of the old policy where TRPO took no step', () => {
  const none = {
    surrogate_improvement: 0,
    kl_step: 0,
    line_search_success: 0,
    refused: 'surrogate not improved',
  };
  const row = trpo(none);
  expect(Object.keys(row)).toEqual(Object.keys(trpo()));
  expect(row['train/policy_objective']).toBe(-0.125);
  expect(row['train/is_line_search_success']).toBe(0);
  expect(row['train/kl_divergence_loss']).toBe(0);
});
