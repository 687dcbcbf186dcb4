/** GRPO's advantage and objective in plain arithmetic, every term in a column of its own, for reading beside the library. */
import { fifteenDigits } from '../../math/statistics';
import type { ExampleResponse } from './exampleGroup';

export interface ScoreRow {
  readonly response: string;
  readonly tokens: number;
  readonly reward: number;
  readonly reward_minus_mean: number;
  readonly squared: number;
  /** Divided by σ over n: numpy's default, GRPO-Zero. */
  readonly z_ddof_0: number;
  /** Divided by σ over n − 1: DeepSeekMath leaves it open; TRL, verl, OpenRLHF. */
  readonly z_ddof_1: number;
  /** Divided by σ over n − 1, plus 1e-4. */
  readonly z_trl: number;
}

export interface GroupScores {
  readonly rows: ScoreRow[];
  readonly mean: number;
  /** Over n, and over n − 1. */
  readonly deviation: readonly [number, number];
}

/** The z-scores Â_i = (r_i − μ)/σ of one group. DeepSeekMath, section 4.1.2, arXiv:2402.03300. */
export function groupScores(
  group: readonly Pick<ExampleResponse, 'response' | 'reward' | 'tokens'>[],
): GroupScores {
  const n = group.length;
  const mean = group.reduce((sum, { reward }) => sum + reward, 0) / n;
  const squares = group.reduce((sum, { reward }) => sum + (reward - mean) ** 2, 0);
  const [biased, unbiased] = [Math.sqrt(squares / n), Math.sqrt(squares / (n - 1))];
  const rows = group.map(({ response, reward, tokens }): ScoreRow => {
    const difference = fifteenDigits(reward - mean);
    return {
      response,
      tokens: tokens.length,
      reward,
      reward_minus_mean: difference,
      squared: fifteenDigits(difference ** 2),
      z_ddof_0: difference / biased,
      z_ddof_1: difference / unbiased,
      z_trl: difference / (unbiased + 1e-4),
    };
  });
  return { rows, mean, deviation: [biased, unbiased] };
}

export interface TermRow {
  readonly response: string;
  /** Which of the responses; counts from 0. */
  readonly trajectory: number;
  /** Counts from 0. */
  readonly position: number;
  readonly token: string;
  /** At a response's last token, as in training; 0 before. */
  readonly reward: number;
  readonly advantage: number;
  /** ρ = π/π_old. */
  readonly ratio: number;
  readonly ratio_times_advantage: number;
  readonly clipped_times_advantage: number;
  /** The lesser of the two. */
  readonly surrogate: number;
  /** Whether the clip takes this token's gradient away. */
  readonly clipped: boolean;
  /** k3 = π_ref/π − log(π_ref/π) − 1, in nats. */
  readonly k3: number;
  /** surrogate − β k3. */
  readonly objective: number;
  /** 1/(G |o_i|). */
  readonly weight: number;
}

/** The terms of DeepSeekMath's eq. 3, token by token: J is Σ weight · objective, and the loss is −J. */
export function groupRelativeTerms(
  group: readonly ExampleResponse[],
  advantages: readonly number[],
  { clipRange, klCoefficient }: { readonly clipRange: number; readonly klCoefficient: number },
): TermRow[] {
  return group.flatMap(({ response, reward, tokens }, i) =>
    tokens.map(({ token, old, now, ref }, position): TermRow => {
      const advantage = advantages[i]!;
      const ratio = fifteenDigits(now / old);
      const within = Math.min(1 + clipRange, Math.max(1 - clipRange, ratio));
      const [free, clipped] = [ratio * advantage, within * advantage];
      const k3 = ref / now - Math.log(ref / now) - 1;
      const surrogate = Math.min(free, clipped);
      return {
        response,
        trajectory: i,
        position,
        token,
        reward: position === tokens.length - 1 ? reward : 0,
        advantage,
        ratio,
        ratio_times_advantage: free,
        clipped_times_advantage: clipped,
        surrogate,
        clipped: clipped < free,
        k3,
        objective: surrogate - klCoefficient * k3,
        weight: 1 / (group.length * tokens.length),
      };
    }),
  );
}
