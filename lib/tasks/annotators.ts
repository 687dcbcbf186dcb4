/**
 * Simulated annotators, whose noise is known: so that what a perfect model would reach can be computed.
 *
 * An annotator sees each response's quality through Gumbel noise and sorts by what it sees. This is the Plackett–Luce
 * model with scores quality/temperature, and of any two responses the better one is put first with probability
 *   P(i above j) = σ((quality_i − quality_j) / temperature),
 * which is the Bradley–Terry model. Plackett 1975, "The analysis of permutations"; Luce 1959.
 */
import type { Random } from '../math/random';
import { mean, sigmoid, standardError } from '../math/statistics';
import { pairwiseAccuracy, type Ranking, rankedPairs } from './rankings';

/**
 * The ranks that an annotator gives, 1 the best.
 * @param temperature the noise, in the unit of quality; above 0
 */
export function annotate(qualities: readonly number[], temperature: number, random: Random): number[] {
  const seen = qualities.map((quality) => quality / temperature + random.gumbel());
  return seen.map((own) => 1 + seen.filter((other) => other > own).length);
}

export interface NoiseCeiling {
  readonly pairs: number;
  /** The probability that an annotator agrees with the true order of a pair, averaged over the pairs. */
  readonly ceiling: number;
  /** How often these annotators did agree with it: the accuracy of a perfect model on this very sample. */
  readonly agreement: number;
  /** The standard error of `agreement`; the pairs of one ranking depend on each other, so rankings are the sample. */
  readonly standardError: number;
}

/** The pairwise accuracy that the annotators' noise allows on rankings that know their qualities and temperature. */
export function noiseCeiling(rankings: readonly Ranking[]): NoiseCeiling {
  const probabilities: number[] = [];
  const agreements: number[] = [];
  const allQualities = rankings.map(({ query, qualities, temperature, ranks }) => {
    if (!qualities || temperature === undefined) {
      throw new Error(`the ranking of "${query}" has no qualities or no temperature: its noise is unknown.`);
    }
    for (const [better, worse] of rankedPairs(ranks)) {
      probabilities.push(sigmoid(Math.abs(qualities[better]! - qualities[worse]!) / temperature));
    }
    agreements.push(pairwiseAccuracy([qualities], [{ ranks }]));
    return qualities;
  });
  return {
    pairs: probabilities.length,
    ceiling: mean(probabilities),
    agreement: pairwiseAccuracy(allQualities, rankings),
    standardError: standardError(agreements),
  };
}
