/** A rule and a reward model over the same pairs of responses: which order each puts them in, and where it cannot say. */
import { isRightSum, rightSum } from '../../experiments/additionTask';
import type { Ranking } from '../../tasks/rankings';

const pairClasses = ['right against wrong', 'both right', 'both wrong'] as const;

export interface RuleBesideModelRow {
  /** By the rule: whether both responses, one, or neither give the right sum. */
  readonly pairs_of: (typeof pairClasses)[number];
  /** Pairs of different quality. */
  readonly pairs: number;
  /** How many each puts in the true order, how many the other way round; the rest are tied. */
  readonly rule_right: number;
  readonly rule_wrong: number;
  readonly rule_tied: number;
  readonly model_right: number;
  readonly model_wrong: number;
}

/**
 * Against the true order, which the annotators' noise does not touch.
 * @throws where a ranking knows no qualities
 */
export async function ruleBesideModel(
  rankings: readonly Ranking[],
  scores: readonly (readonly number[])[],
): Promise<RuleBesideModelRow[]> {
  const pairs: { kind: (typeof pairClasses)[number]; rule: number; model: number }[] = [];
  for (const [r, { query, responses, qualities }] of rankings.entries()) {
    if (!qualities) throw new Error(`the ranking of "${query}" has no qualities: its true order is unknown.`);
    const completions = responses.map((response) => ({ query, response, tokens: 0, ended: true }));
    const ruled = await rightSum.score(completions);
    const right = completions.map(isRightSum);
    responses.forEach((_, i) => {
      responses.forEach((_, j) => {
        if (!(qualities[i]! > qualities[j]!)) return;
        const kind = right[i] !== right[j] ? pairClasses[0] : right[i] ? pairClasses[1] : pairClasses[2];
        pairs.push({ kind, rule: ruled[i]! - ruled[j]!, model: scores[r]![i]! - scores[r]![j]! });
      });
    });
  }
  return pairClasses.map((pairs_of) => {
    const own = pairs.filter(({ kind }) => kind === pairs_of);
    const count = (is: (pair: (typeof pairs)[number]) => boolean) => own.filter(is).length;
    return {
      pairs_of,
      pairs: own.length,
      rule_right: count(({ rule }) => rule > 0),
      rule_wrong: count(({ rule }) => rule < 0),
      rule_tied: count(({ rule }) => rule === 0),
      model_right: count(({ model }) => model > 0),
      model_wrong: count(({ model }) => model <= 0),
    };
  });
}

export interface RuledResponse {
  readonly response: string;
  /** 1 where the last number of the response is the right sum, else 0. */
  readonly rule: number;
  /** The model's score above that of the first response, in nats. */
  readonly model: number;
}

/** What a rule and a model say of the same responses to one query. */
export async function ruledResponses(
  query: string,
  responses: readonly string[],
  scores: readonly number[],
): Promise<RuledResponse[]> {
  const completions = responses.map((response) => ({ query, response, tokens: 0, ended: true }));
  const ruled = await rightSum.score(completions);
  return responses.map((response, k) => ({ response, rule: ruled[k]!, model: scores[k]! - scores[0]! }));
}
