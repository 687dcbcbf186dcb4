/**
 * Whether a reward model is as sure as it may be: of the pairs to whose order it gives a probability near 0.8, annotators
 * should agree with 80 %.
 */
import { mean, sigmoid } from '../../math/statistics';
import { type Ranking, rankedPairs } from '../../tasks/rankings';

export interface CalibrationRow {
  /** Which probabilities the bin holds, from 0.5 to 1. */
  readonly from: number;
  readonly to: number;
  readonly pairs: number;
  /** Mean of the model's probabilities σ(|lead|) of the order that it thinks likelier; null in an empty bin. */
  readonly predicted: number | null;
  /** The share of these pairs that the annotators put in that order. */
  readonly agreed: number | null;
  /** √(p(1 − p)/n) of that share, as if the pairs were independent. */
  readonly standard_error: number | null;
  /** Mean of the annotators' own probability of that order, σ(±Δquality/τ); null where it is unknown. */
  readonly true_probability: number | null;
}

interface JudgedPair {
  readonly probability: number;
  readonly agreed: number;
  readonly truth: number | null;
}

/** The pairs of all rankings by how sure the model is of their order: the data of a reliability diagram. */
export function calibrationRows(
  rankings: readonly Ranking[],
  scores: readonly (readonly number[])[],
  bins = 10,
): CalibrationRow[] {
  const all = judgedPairs(rankings, scores);
  const width = 0.5 / bins;
  return Array.from({ length: bins }, (_, bin): CalibrationRow => {
    const pairs = all.filter(
      ({ probability }) => Math.min(bins - 1, Math.floor((probability - 0.5) / width)) === bin,
    );
    const average = (of: (pair: JudgedPair) => number) => (pairs.length > 0 ? mean(pairs.map(of)) : null);
    const agreed = average((pair) => pair.agreed);
    return {
      from: Number((0.5 + bin * width).toFixed(4)),
      to: Number((0.5 + (bin + 1) * width).toFixed(4)),
      pairs: pairs.length,
      predicted: average((pair) => pair.probability),
      agreed,
      standard_error: agreed === null ? null : Math.sqrt((agreed * (1 - agreed)) / pairs.length),
      true_probability: pairs.some(({ truth }) => truth === null) ? null : average((pair) => pair.truth!),
    };
  });
}

/**
 * Expected calibration error: Σ_b n_b/n |agreed_b − predicted_b|. Guo et al. 2017, section 2, arXiv:1706.04599.
 * With few pairs it is above 0 even where the model's probabilities are the annotators' own.
 */
export function calibrationError(rows: readonly CalibrationRow[]): number {
  const pairs = rows.reduce((sum, row) => sum + row.pairs, 0);
  return rows.reduce(
    (sum, row) =>
      row.pairs === 0 ? sum : sum + (row.pairs / pairs) * Math.abs(row.agreed! - row.predicted!),
    0,
  );
}

/** Each pair once, in the order that the model thinks likelier. */
function judgedPairs(rankings: readonly Ranking[], scores: readonly (readonly number[])[]): JudgedPair[] {
  return rankings.flatMap(({ ranks, qualities, temperature = 1 }, r) =>
    rankedPairs(ranks).map(([better, worse]): JudgedPair => {
      const lead = scores[r]![better]! - scores[r]![worse]!;
      const likes = lead > 0 ? 1 : -1;
      const truth = qualities && sigmoid((likes * (qualities[better]! - qualities[worse]!)) / temperature);
      return { probability: sigmoid(Math.abs(lead)), agreed: lead > 0 ? 1 : 0, truth: truth ?? null };
    }),
  );
}
