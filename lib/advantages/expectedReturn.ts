/**
 * What a value model can know: the returns to be expected, computed from every response that may be given.
 */
import { prefixValues } from './discountedReturns';

export interface TokenizedResponse {
  readonly tokens: readonly string[];
  /** Among all responses to the query. */
  readonly probability: number;
  readonly reward: number;
}

/**
 * The expected return of a prefix: the value that regression on returns converges to.
 *   V(prefix) = Σ_i p_i γ^(T_i−t) R_i / Σ_i p_i,  over the responses i that begin with the prefix
 * T_i and t are the lengths of the response and of the prefix, in tokens.
 * @param prefix   the response's first t tokens
 * @param discount γ in [0, 1]
 * @throws         where no response begins with the prefix
 */
export function expectedReturn(
  prefix: readonly string[],
  responses: readonly TokenizedResponse[],
  discount: number,
): number {
  const following = responses.filter(({ tokens }) => prefix.every((token, i) => tokens[i] === token));
  const probability = following.reduce((sum, response) => sum + response.probability, 0);
  if (probability === 0) throw new Error(`no response begins with "${prefix.join(' ')}".`);
  const total = following.reduce(
    (sum, { tokens, reward, probability: p }) =>
      sum + p * discount ** (tokens.length - prefix.length) * reward,
    0,
  );
  return total / probability;
}

/**
 * The largest explained variance that any value model can reach on these responses: what remains is the chance in how
 * a response goes on, 1 − E[Var(G | prefix)] / Var(G), over all tokens of all responses. NaN where the returns are all
 * equal.
 * @param questions for each question, as likely as the others, the responses to it
 */
export function explainableVariance(
  questions: readonly (readonly TokenizedResponse[])[],
  discount: number,
): number {
  const places = questions.flatMap((responses) =>
    responses.flatMap(({ tokens, probability, reward }) =>
      prefixValues(reward, tokens.length, discount).map((value, t) => {
        const expected = expectedReturn(tokens.slice(0, t + 1), responses, discount);
        return { probability, value, expected };
      }),
    ),
  );
  if (places.every(({ value }) => value === places[0]!.value)) return Number.NaN;
  const weigh = (of: (place: (typeof places)[number]) => number) =>
    places.reduce((sum, place) => sum + place.probability * of(place), 0);
  const center = weigh(({ value }) => value) / weigh(() => 1);
  const unexplained = weigh(({ value, expected }) => (value - expected) ** 2);
  return 1 - unexplained / weigh(({ value }) => (value - center) ** 2);
}
