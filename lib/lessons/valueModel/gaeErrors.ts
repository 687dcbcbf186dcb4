/**
 * How far generalized advantage estimates are from the truth, where every response that may be given is known: by how
 * much they are off on average (bias) and by chance (variance).
 */

import type { TokenizedResponse } from '../../advantages/expectedReturn';
import { generalizedAdvantages } from '../../advantages/generalizedAdvantages';
import { refuse } from '../../errors/inputError';
import type { Random } from '../../math/random';

export interface GaeErrorRow {
  /** The standard deviation of the critic's errors, in the unit of the reward. */
  readonly critic_error: number;
  readonly lambda: number;
  /** Means over the tokens that the policy writes, in the squared unit of the reward. */
  readonly bias_squared: number;
  readonly variance: number;
  /** Their sum. */
  readonly mean_squared_error: number;
}

export interface GaeErrorOptions {
  readonly discount: number;
  readonly lambdas: readonly number[];
  readonly criticError: number;
  /** Responses sampled to each question; every response by its probability unless said. */
  readonly sampled?: number | undefined;
}

/**
 * V(s) = Σ_i p_i γ^(T_i−1−t) R_i / Σ_i p_i, over the responses that begin with the prefix of t tokens: the return to be
 * expected before the next token. It is `expectedReturn` of the prefix without the factor γ for that token.
 */
export function stateValue(
  prefix: readonly string[],
  responses: readonly TokenizedResponse[],
  discount: number,
): number {
  const following = responses.filter(
    ({ tokens }) => tokens.length > prefix.length && prefix.every((token, t) => tokens[t] === token),
  );
  const probability = following.reduce((sum, response) => sum + response.probability, 0);
  if (probability === 0) throw new Error(`no response goes on after "${prefix.join(' ')}".`);
  const sum = following.reduce(
    (total, { tokens, reward, probability: p }) =>
      total + p * discount ** (tokens.length - 1 - prefix.length) * reward,
    0,
  );
  return sum / probability;
}

/**
 * The critic is wrong by a fixed amount in each state, normal with standard deviation `criticError`. What an estimate
 * Â_t of a token should be is Q(s_t, a_t) − V̂(s_t): the baseline's own error is the same for all tokens that may come
 * and moves no gradient (Schulman et al. 2015, proposition 1, arXiv:1506.02438: λ = 1 is γ-just whatever the critic).
 * So bias is E[Â_t | s_t, a_t] − (Q(s_t, a_t) − V̂(s_t)), and the variance is of what follows the token.
 * @param questions all responses to each question
 * @param random    for the critic, and for responses where they are sampled
 */
export function gaeErrors(
  questions: readonly (readonly TokenizedResponse[])[],
  { discount, lambdas, criticError, sampled }: GaeErrorOptions,
  random: Random,
): GaeErrorRow[] {
  if (!(criticError >= 0)) refuse('criticError', criticError, 'a number from 0');
  const worlds = questions.map((responses, q) => {
    const errors = random.split('critic').split(q);
    const drawn =
      sampled === undefined ? responses : draw(responses, sampled, random.split('responses').split(q));
    return { drawn, ...knownValues(responses, discount, criticError, errors) };
  });
  return lambdas.map((lambda): GaeErrorRow => {
    let [bias, variance, weight] = [0, 0, 0];
    for (const { drawn, critic, exact } of worlds) {
      const places = new Map<string, Place>();
      for (const { tokens, reward, probability } of drawn) {
        const rewards = tokens.map((_, t) => (t === tokens.length - 1 ? reward : 0));
        const values = tokens.map((_, t) => critic.get(key(tokens.slice(0, t)))!);
        generalizedAdvantages(rewards, values, { discount, lambda }).forEach((advantage, t) => {
          const place = key(tokens.slice(0, t + 1));
          const error = advantage - (exact.get(place)! - values[t]!);
          const { first, weight, sum, squares } = places.get(place) ?? emptyPlace(error);
          places.set(place, {
            first,
            weight: weight + probability,
            sum: sum + probability * (error - first),
            squares: squares + probability * (error - first) ** 2,
          });
        });
      }
      for (const { first, weight: own, sum, squares } of places.values()) {
        const center = sum / own;
        bias += own * (first + center) ** 2;
        variance += own * Math.max(0, squares / own - center ** 2);
        weight += own;
      }
    }
    return {
      critic_error: criticError,
      lambda,
      bias_squared: rounded(bias / weight),
      variance: rounded(variance / weight),
      mean_squared_error: rounded((bias + variance) / weight),
    };
  });
}

/** What lies below is the rounding of sums of numbers near 1. */
const rounded = (value: number) => Number(value.toFixed(15));

/** The errors at one prefix; their sums are of what they differ from the first, so that equal ones vary by exactly 0. */
interface Place {
  readonly first: number;
  readonly weight: number;
  readonly sum: number;
  readonly squares: number;
}

const emptyPlace = (first: number): Place => ({ first, weight: 0, sum: 0, squares: 0 });

const key = (prefix: readonly string[]) => prefix.join(' ');

/** By prefix: the critic's V̂(s) of what goes on, and Q(s, a), which is the return to be expected after the prefix. */
function knownValues(
  responses: readonly TokenizedResponse[],
  discount: number,
  criticError: number,
  errors: Random,
) {
  const critic = new Map<string, number>();
  const exact = new Map<string, number>();
  for (const { tokens, reward } of responses) {
    for (let t = 0; t < tokens.length; t++) {
      const state = key(tokens.slice(0, t));
      if (!critic.has(state)) {
        critic.set(
          state,
          stateValue(tokens.slice(0, t), responses, discount) + criticError * errors.normal(),
        );
      }
    }
    // nothing is paid before the last token
    for (let t = 1; t < tokens.length; t++) {
      const prefix = tokens.slice(0, t);
      exact.set(key(prefix), discount * stateValue(prefix, responses, discount));
    }
    exact.set(key(tokens), reward);
  }
  return { critic, exact };
}

/** As many responses, each with the probability 1/count. */
function draw(responses: readonly TokenizedResponse[], count: number, random: Random): TokenizedResponse[] {
  const probabilities = responses.map(({ probability }) => probability);
  return Array.from({ length: count }, () => ({
    ...responses[random.categorical(probabilities)]!,
    probability: 1 / count,
  }));
}
