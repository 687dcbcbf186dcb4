/** How far a policy has moved on tokens that it sampled before, from the rows of an inspection alone. */
import type { TokenRow } from '../../algorithms/rollouts/tokenRows';
import { mean } from '../../math/statistics';

type Token = Pick<TokenRow, 'ratio' | 'advantage' | 'log_prob' | 'old_log_prob'>;

export interface TokenRatios {
  readonly tokens: number;
  readonly ratio_min: number;
  readonly ratio_max: number;
  /** The share of tokens with |ρ − 1| > ε: SB3's and CleanRL's clip fraction. */
  readonly outside: number;
  /** The share whose gradient the clip takes away, as here, in TRL and in verl. */
  readonly clip_fraction: number;
  /** ρ < 1 − ε, Â < 0. */
  readonly clip_fraction_low: number;
  /** ρ > 1 + ε, Â > 0. */
  readonly clip_fraction_high: number;
  /** mean(−log ρ), in nats: unbiased for KL(π_old‖π), and of either sign. */
  readonly approx_kl_k1: number;
  /** mean(ρ − 1 − log ρ), in nats: unbiased too, and never negative. */
  readonly approx_kl_k3: number;
}

/** @param clipRange ε */
export function tokenRatios(tokens: readonly Token[], clipRange: number): TokenRatios {
  const share = (is: (token: Token) => boolean) => mean(tokens.map((token) => (is(token) ? 1 : 0)));
  const low = share(({ ratio, advantage }) => ratio < 1 - clipRange && advantage < 0);
  const high = share(({ ratio, advantage }) => ratio > 1 + clipRange && advantage > 0);
  const logRatios = tokens.map(({ log_prob, old_log_prob }) => log_prob - old_log_prob);
  const ratios = tokens.map(({ ratio }) => ratio);
  return {
    tokens: tokens.length,
    ratio_min: ratios.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    ratio_max: ratios.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
    outside: share(({ ratio }) => Math.abs(ratio - 1) > clipRange),
    clip_fraction: low + high,
    clip_fraction_low: low,
    clip_fraction_high: high,
    approx_kl_k1: mean(logRatios.map((d) => -d)),
    approx_kl_k3: mean(logRatios.map((d) => Math.expm1(d) - d)),
  };
}
