import { prefixValues } from '../../advantages/discountedReturns';
import { fifteenDigits } from '../../math/statistics';

/** One prefix of a response, with every term of its value. */
export interface PrefixRow {
  readonly prefix: string;
  /** k, the tokens that are still to come. */
  readonly tokens_to_go: number;
  /** γ^k */
  readonly weight: number;
  readonly reward: number;
  /** γ^k times the reward, to fifteen significant digits. */
  readonly value: number;
}

/** The prefixes of a response, the whole response first, as the article lists them. */
export function prefixRows(tokens: readonly string[], reward: number, discount: number): PrefixRow[] {
  const values = prefixValues(reward, tokens.length, discount);
  const weights = prefixValues(1, tokens.length, discount);
  const rows = tokens.map((_, i) => ({
    prefix: tokens.slice(0, i + 1).join(' '),
    tokens_to_go: tokens.length - 1 - i,
    weight: fifteenDigits(weights[i]!),
    reward,
    value: fifteenDigits(values[i]!),
  }));
  return rows.reverse();
}

/** What a reward is worth `tokens_to_go` tokens before it, as a share of it, for several discounts. */
export function discountRows(discounts: readonly number[], tokens: number) {
  return discounts.flatMap((discount) =>
    Array.from({ length: tokens + 1 }, (_, tokens_to_go) => ({
      discount,
      tokens_to_go,
      weight: fifteenDigits(discount ** tokens_to_go),
    })),
  );
}

/** After how many tokens a reward is worth half: log ½ / log γ; null where it never is. */
export function halfLife(discount: number): number | null {
  return discount === 1 ? null : Math.log(0.5) / Math.log(discount);
}
