/** The same responses by a rule and by a reward model: where they agree on what is better. */
import type { Completion, Reward } from '../../tasks/reward';

export interface TwoRewardsRow {
  readonly query: string;
  readonly response: string;
  /** How often it was sampled. */
  readonly count: number;
  readonly rule: number;
  /** In nats; only differences between responses to one query mean something. */
  readonly model: number;
  /** Whether the model puts it on the wrong side of a response to the same query that the rule tells from it. */
  readonly disagree: boolean;
}

/** One row for each response to each query, the model's favourite first; queries in the order of the completions. */
export async function twoRewards(
  completions: readonly Completion[],
  rule: Reward,
  model: Reward,
): Promise<TwoRewardsRow[]> {
  const counts = new Map<string, number>();
  const different = completions.filter(({ query, response }) => {
    const key = JSON.stringify([query, response]);
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return counts.get(key) === 1;
  });
  const [byRule, byModel] = [await rule.score(different), await model.score(different)];
  const scored = different.map(({ query, response }, i) => ({
    query,
    response,
    count: counts.get(JSON.stringify([query, response]))!,
    rule: byRule[i]!,
    model: byModel[i]!,
  }));
  const queries = [...new Set(completions.map(({ query }) => query))];
  return queries.flatMap((query) => {
    const group = scored.filter((row) => row.query === query).sort((a, b) => b.model - a.model);
    return group.map((row) => ({ ...row, disagree: group.some((other) => isInverted(row, other)) }));
  });
}

interface Scores {
  readonly rule: number;
  readonly model: number;
}

/** The rule puts one above the other, and the model the other above the one, or both alike. */
function isInverted(one: Scores, other: Scores): boolean {
  return one.rule !== other.rule && (one.rule - other.rule) * (one.model - other.model) <= 0;
}

export interface Agreement {
  /** Pairs of responses to one query that the rule tells apart. */
  readonly pairs: number;
  /** The share of them that the model orders as the rule does; NaN without pairs. */
  readonly agreement: number;
}

export function rewardAgreement(rows: readonly TwoRewardsRow[]): Agreement {
  let [pairs, alike] = [0, 0];
  rows.forEach((one, i) => {
    for (const other of rows.slice(i + 1)) {
      if (one.query !== other.query || one.rule === other.rule) continue;
      pairs += 1;
      if (!isInverted(one, other)) alike += 1;
    }
  });
  return { pairs, agreement: alike / pairs };
}
