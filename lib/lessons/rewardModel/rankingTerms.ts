/** Every term of the two losses of a ranking, as rows: Bradley–Terry's pairs and Plackett–Luce's choices. */
import { mean, sigmoid } from '../../math/statistics';
import { choiceSets, type Ranking, rankedPairs } from '../../tasks/rankings';

export interface PairRow {
  readonly better: string;
  readonly worse: string;
  /** Score of the better minus score of the worse, in nats. */
  readonly lead: number;
  /** σ(lead), the model's probability that the better is put first. */
  readonly probability: number;
  /** −log of that. */
  readonly loss: number;
}

/** Every term of one ranking's Bradley–Terry loss, which is the mean of the losses. */
export function pairTerms({ responses, ranks }: Ranking, scores: readonly number[]): PairRow[] {
  return rankedPairs(ranks).map(([better, worse]) => {
    const lead = scores[better]! - scores[worse]!;
    const probability = sigmoid(lead);
    return {
      better: responses[better]!,
      worse: responses[worse]!,
      lead,
      probability,
      loss: -Math.log(probability),
    };
  });
}

export interface ChoiceRow {
  readonly chosen: string;
  /** Those that could be chosen, the chosen one among them. */
  readonly among: number;
  readonly score: number;
  /** log Σ e^s over them, in nats. */
  readonly logsumexp: number;
  /** e^(score − logsumexp), the model's probability of this choice. */
  readonly probability: number;
  /** logsumexp − score. */
  readonly loss: number;
}

/** Every term of one ranking's Plackett–Luce loss, which is their sum: the best first, the last one free. */
export function choiceTerms({ responses, ranks }: Ranking, scores: readonly number[]): ChoiceRow[] {
  const remaining = choiceSets(ranks);
  return ranks
    .map((rank, place) => ({ rank, place }))
    .filter(({ place }) => remaining[place]!.includes(1))
    .sort((a, b) => a.rank - b.rank)
    .map(({ place }) => {
      const candidates = scores.filter((_, other) => remaining[place]![other] === 1);
      const score = scores[place]!;
      const logsumexp = logSumExp(candidates);
      return {
        chosen: responses[place]!,
        among: candidates.length,
        score,
        logsumexp,
        probability: Math.exp(score - logsumexp),
        loss: logsumexp - score,
      };
    });
}

function logSumExp(values: readonly number[]): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

export interface ScoreGradientRow {
  readonly response: string;
  readonly score: number;
  /** Of the mean over pairs: −σ(−lead) for each pair that it should win, +σ(−lead) for each that it should lose. */
  readonly bradley_terry: number;
  /** Of the sum over choices: its probability in each choice that it could be in, less 1 in its own. */
  readonly plackett_luce: number;
}

/** The gradients of both losses by each score, by hand. */
export function scoreGradients({ responses, ranks }: Ranking, scores: readonly number[]): ScoreGradientRow[] {
  const pairs = rankedPairs(ranks);
  const remaining = choiceSets(ranks);
  return responses.map((response, k) => {
    const pulls = pairs.map(([better, worse]) => {
      const pull = sigmoid(scores[worse]! - scores[better]!);
      return k === better ? -pull : k === worse ? pull : 0;
    });
    const choices = remaining.map((row, chosen) => {
      if (row[k] !== 1) return 0;
      const share = Math.exp(scores[k]! - logSumExp(scores.filter((_, other) => row[other] === 1)));
      return k === chosen ? share - 1 : share;
    });
    return {
      response,
      score: scores[k]!,
      bradley_terry: mean(pulls),
      plackett_luce: choices.reduce((sum, choice) => sum + choice, 0),
    };
  });
}

export interface LossCurveRow {
  /** In nats. */
  readonly margin: number;
  /** In nats. */
  readonly lead: number;
  readonly loss: number;
  /** Minus the slope of the loss: how hard this pair pulls its two scores apart. */
  readonly pull: number;
}

/** The Bradley–Terry loss of one pair, as its lead goes from −largest to largest: −log σ(lead − margin). */
export function lossCurve(largest: number, margin = 0): LossCurveRow[] {
  return Array.from({ length: 81 }, (_, i) => {
    const lead = largest * (i / 40 - 1);
    return { margin, lead, loss: -Math.log(sigmoid(lead - margin)), pull: sigmoid(margin - lead) };
  });
}
