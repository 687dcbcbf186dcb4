/**
 * What a reward model says of ranked responses: rows for tables, figures and CSV.
 */
import { mean } from '../../math/statistics';
import { noiseCeiling } from '../../tasks/annotators';
import { pairwiseAccuracy, type Ranking } from '../../tasks/rankings';

export interface AccuracyRow {
  readonly questions: string;
  readonly rankings: number;
  readonly pairs: number;
  readonly accuracy: number;
  /** What the annotators' noise allows. */
  readonly ceiling: number;
  /** Ceiling minus accuracy, in percentage points. */
  readonly gap_points: number;
  /** What the true order reaches on this very sample. */
  readonly true_order_accuracy: number;
  /** Of `true_order_accuracy`. */
  readonly standard_error: number;
}

/** The accuracy of scores beside what the annotators' noise allows. */
export function accuracyRow(
  questions: string,
  rankings: readonly Ranking[],
  scores: readonly (readonly number[])[],
): AccuracyRow {
  const { pairs, ceiling, agreement, standardError } = noiseCeiling(rankings);
  const accuracy = pairwiseAccuracy(scores, rankings);
  return {
    questions,
    rankings: rankings.length,
    pairs,
    accuracy,
    ceiling,
    gap_points: 100 * (ceiling - accuracy),
    true_order_accuracy: agreement,
    standard_error: standardError,
  };
}

export interface ScoreRow {
  readonly query: string;
  readonly response: string;
  readonly kind: string;
  readonly rank: number;
  readonly half: 'better half' | 'worse half';
  /** The model's score minus the mean score of the ranking, in nats. */
  readonly score: number;
  /** quality/temperature, the score that the annotators sorted by, likewise without the ranking's mean. */
  readonly true_score: number;
}

/** One row for each response; scores are centred, since only differences within a ranking mean something. */
export function scoreRows(rankings: readonly Ranking[], scores: readonly (readonly number[])[]): ScoreRow[] {
  return rankings.flatMap(({ query, responses, ranks, kinds, qualities, temperature }, r) => {
    const own = scores[r]!;
    const truth = qualities?.map((quality) => quality / (temperature ?? 1));
    if (!kinds || !truth) throw new Error(`the ranking of "${query}" has no kinds or no qualities.`);
    return responses.map((response, k) => ({
      query,
      response,
      kind: kinds[k]!,
      rank: ranks[k]!,
      half: ranks[k]! <= responses.length / 2 ? ('better half' as const) : ('worse half' as const),
      score: own[k]! - mean(own),
      true_score: truth[k]! - mean(truth),
    }));
  });
}

export interface KindRow {
  readonly kind: string;
  readonly responses: number;
  /** Mean over the responses of this kind. */
  readonly score: number;
  readonly true_score: number;
}

/** Mean scores by kind of response, the best kind first. */
export function kindRows(rows: readonly ScoreRow[]): KindRow[] {
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  return kinds
    .map((kind) => {
      const own = rows.filter((row) => row.kind === kind);
      return {
        kind,
        responses: own.length,
        score: mean(own.map(({ score }) => score)),
        true_score: mean(own.map(({ true_score }) => true_score)),
      };
    })
    .sort((a, b) => b.true_score - a.true_score);
}
