/** Generalized advantage estimation on one response, every term in a row. */
import { discountedReturns } from '../../advantages/discountedReturns';
import { generalizedAdvantages } from '../../advantages/generalizedAdvantages';

export interface GaeRow {
  readonly lambda: number;
  readonly token: string;
  /** Counts from 1. */
  readonly position: number;
  /** r_t */
  readonly reward: number;
  /** V(s_t), before the token. */
  readonly value: number;
  /** V(s_{t+1}), after it; 0 at the end. */
  readonly next_value: number;
  /** δ_t = r_t + γ V(s_{t+1}) − V(s_t) */
  readonly delta: number;
  /** Â_t = δ_t + γλ Â_{t+1} */
  readonly advantage: number;
  /** G_t − V(s_t), which Â_t is where λ = 1. */
  readonly return_minus_value: number;
}

export interface GaeExample {
  readonly tokens: readonly string[];
  /** r_1 … r_T */
  readonly rewards: readonly number[];
  /** V(s_1) … V(s_T): the value before each token. */
  readonly values: readonly number[];
  readonly discount: number;
}

/** Schulman et al. 2015, eq. 11 and 16, arXiv:1506.02438, by `generalizedAdvantages`. */
export function gaeTerms({ tokens, rewards, values, discount }: GaeExample, lambda: number): GaeRow[] {
  const advantages = generalizedAdvantages(rewards, values, { discount, lambda });
  const returns = discountedReturns(rewards, discount);
  return tokens.map((token, t) => {
    const [reward, value, next_value] = [rewards[t]!, values[t]!, values[t + 1] ?? 0];
    return {
      lambda,
      token,
      position: t + 1,
      reward,
      value,
      next_value,
      delta: reward + discount * next_value - value,
      advantage: advantages[t]!,
      return_minus_value: returns[t]! - value,
    };
  });
}

export interface ContributionRow {
  readonly token: string;
  /** Whose residual: "δ of 4". */
  readonly residual: string;
  /** (γλ)^l δ_{t+l}, what it adds to Â_t. */
  readonly contribution: number;
}

/** Â_t = Σ_l (γλ)^l δ_{t+l} term by term: eq. 16. */
export function gaeContributions(example: GaeExample, lambda: number): ContributionRow[] {
  const terms = gaeTerms(example, lambda);
  return terms.flatMap(({ token }, t) =>
    terms.slice(t).map(({ token: later, delta }, l) => ({
      token,
      residual: `δ of “${later}”`,
      contribution: (example.discount * lambda) ** l * delta,
    })),
  );
}
