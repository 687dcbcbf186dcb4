import { expect, it } from 'vitest';
import { tokenRatios } from '../../../lib/lessons/ppo/tokenRatios';
import { expectClose } from '../../close';

const token = (ratio: number, advantage: number) => ({
  ratio,
  advantage,
  log_prob: Math.log(ratio) - 1,
  old_log_prob: -1,
});

it('counts what the clip takes away, and what lies outside', () => {
  const told = tokenRatios([token(1.5, 1), token(1.5, -1), token(0.5, -1), token(1.1, 1)], 0.2);
  expect(told).toMatchObject({ tokens: 4, ratio_min: 0.5, ratio_max: 1.5, outside: 0.75 });
  expect(told).toMatchObject({ clip_fraction: 0.5, clip_fraction_low: 0.25, clip_fraction_high: 0.25 });
});

it('estimates the exact KL without bias: the mean over both actions, each as often as the old policy takes it', () => {
  // old policy (1/4, 3/4), new policy (1/2, 1/2)
  const { approx_kl_k1, approx_kl_k3 } = tokenRatios(
    [token(2, 0), token(2 / 3, 0), token(2 / 3, 0), token(2 / 3, 0)],
    0.2,
  );
  const exact = 0.25 * Math.log(0.5) + 0.75 * Math.log(1.5);
  expectClose([approx_kl_k1, approx_kl_k3], [exact, exact], 1e-12);
});

it('is nothing where the policy has not moved', () => {
  expect(tokenRatios([token(1, 1), token(1, -1)], 0.2)).toMatchObject({
    outside: 0,
    clip_fraction: 0,
    approx_kl_k3: 0,
  });
});
