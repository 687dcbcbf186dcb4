/** Trains a reward model on rankings, by Bradley–Terry over their pairs or by Plackett–Luce over each as a whole. */
import { tf } from '../engine/tensorflow';
import { InputError } from '../errors/inputError';
import { bradleyTerryLoss } from '../losses/bradleyTerry';
import { plackettLuceLoss } from '../losses/plackettLuce';
import type { Random } from '../math/random';
import { mean } from '../math/statistics';
import { type RewardModel, rewardScores } from '../models/rewardModel';
import { encodeSequence, longest, type Sequence } from '../models/sequences';
import type { Tokenizer } from '../models/tokenizer';
import { choiceSets, pairwiseAccuracy, type Ranking, rankedPairs } from '../tasks/rankings';
import { isDue } from './reinforcementConfig';
import { padRows } from './rollouts/rows';
import { scoreSequences, sequenceBatch } from './supervised/scoreSequences';
import { type SupervisedConfig, supervise } from './supervised/supervise';

/** A minibatch holds `batchSize` rankings, all responses of each together. AdamW's β₂ is 0.98 unless said. */
export interface RewardModelConfig extends SupervisedConfig {
  /**
   * The pairs of a ranking (InstructGPT, TRL; takes any ties) or its whole order (takes ties at the end alone);
   * Bradley–Terry unless said.
   */
  readonly objective?: 'bradley-terry' | 'plackett-luce';
  /** Bradley–Terry's: what the better score has to lead by, in nats; 0 unless said. */
  readonly margin?: number;
  /** Bradley–Terry's: how strongly scores are drawn towards 0 (TRL's `center_rewards_coefficient`); 0 unless said. */
  readonly centering?: number;
  /** The held-out rankings are scored each so many steps, and after the last. */
  readonly evaluateEvery: number;
}

export interface RewardModelRow {
  readonly step: number;
  readonly epoch: number;
  /** Of the minibatch, by the objective, in nats; this and the next three are from before the update. */
  readonly loss: number;
  /** Share of the minibatch's pairs in the right order. */
  readonly accuracy: number;
  /** By how much the better of a pair leads, mean over the minibatch's pairs, in nats. */
  readonly margin: number;
  /** Mean over the minibatch's responses, in nats. */
  readonly score_mean: number;
  /** Loss and accuracy on the held-out rankings after the update; null at steps without an evaluation. */
  readonly held_out_loss: number | null;
  readonly held_out_accuracy: number | null;
  /** Before clipping. */
  readonly grad_norm: number;
  readonly learning_rate: number;
}

export interface EncodedRanking {
  readonly query: string;
  readonly sequences: readonly Sequence[];
  readonly ranks: readonly number[];
}

export function encodeRankings(tokenizer: Tokenizer, rankings: readonly Ranking[]): EncodedRanking[] {
  return rankings.map(({ query, responses, ranks }) => ({
    query,
    sequences: responses.map((response) => encodeSequence(tokenizer, query, response)),
    ranks,
  }));
}

/**
 * The whole model is trained, or its head alone where `createRewardModel` was given a trunk.
 * @param heldOut rankings that are not trained on; none are needed
 * @returns       one row a step; the model is trained in place, and an interrupt leaves it as the last step left it
 * @throws        for a ranking with ties that Plackett–Luce cannot take, by its query; for options of the other
 *                objective; where a loss or its gradient is not finite, with the parameters from before that step
 */
export async function* trainRewardModel(
  model: RewardModel,
  train: readonly EncodedRanking[],
  heldOut: readonly EncodedRanking[],
  config: RewardModelConfig,
  random: Random,
): AsyncGenerator<RewardModelRow, void> {
  const objective = rankingObjective(config);
  for (const ranking of [...train, ...heldOut]) objective.relation(ranking);
  const shape = batchShape(train);
  const lesson = {
    parameters: model.parameters,
    examples: train,
    toBatch: (rankings: readonly EncodedRanking[]) => rankingBatch(rankings, shape, objective.relation),
    objective: ({ ids, ends, relation }: RankingBatch) => {
      const scores = rewardScores(model, ids, ends).reshape<tf.Tensor2D>([
        relation.shape[0],
        shape.responses,
      ]);
      return { loss: objective.loss(scores, relation), scores };
    },
  };
  const optimization = { beta2: 0.98, ...config };
  for await (const { step, epoch, examples, measured, learningRate } of supervise(
    lesson,
    optimization,
    random,
  )) {
    const scores = examples.map(({ sequences }, r) => {
      const first = r * shape.responses;
      return measured.scores.slice(first, first + sequences.length);
    });
    const evaluates = heldOut.length > 0 && isDue(step, config.evaluateEvery, config.steps);
    const heldOutScores = evaluates ? await scoreRankings(model, heldOut) : null;
    yield {
      step,
      epoch,
      loss: measured.loss,
      accuracy: pairwiseAccuracy(scores, examples),
      margin: meanLead(scores, examples),
      score_mean: mean(scores.flat()),
      held_out_loss: heldOutScores && (await rankingLoss(heldOutScores, heldOut, objective)),
      held_out_accuracy: heldOutScores && pairwiseAccuracy(heldOutScores, heldOut),
      grad_norm: measured.grad_norm,
      learning_rate: learningRate,
    };
  }
}

/** The model's score of each response of each ranking, in nats. */
export async function scoreRankings(
  model: RewardModel,
  rankings: readonly EncodedRanking[],
): Promise<number[][]> {
  const scores = await scoreSequences(
    model,
    rankings.flatMap(({ sequences }) => sequences),
  );
  let scored = 0;
  return rankings.map(({ sequences }) => {
    const first = scored;
    scored += sequences.length;
    return scores.slice(first, scored);
  });
}

interface RankingObjective {
  /** [K][K] what the loss has to know of a ranking's responses, each row of one beside the others. */
  relation(ranking: EncodedRanking): readonly (readonly number[])[];
  /** @param relation [R, K, K] */
  loss(scores: tf.Tensor2D, relation: tf.Tensor3D): tf.Scalar;
}

function rankingObjective({
  objective = 'bradley-terry',
  margin = 0,
  centering = 0,
}: RewardModelConfig): RankingObjective {
  if (objective === 'bradley-terry') {
    return {
      relation: ({ ranks }) => ranks.map((rank) => ranks.map((other) => (rank < other ? 1 : 0))),
      loss: (scores, preferred) => bradleyTerryLoss(scores, preferred, { margin, centering }),
    };
  }
  if (margin !== 0 || centering !== 0) {
    throw new InputError(
      `margin is ${margin} and centering ${centering}, which are of Bradley–Terry; Plackett–Luce has neither.`,
    );
  }
  return { relation: orderOf, loss: plackettLuceLoss };
}

function orderOf({ query, ranks }: EncodedRanking): number[][] {
  try {
    return choiceSets(ranks);
  } catch (error) {
    throw new InputError(`the ranking of "${query}" has no order: ${(error as Error).message}`);
  }
}

/** The objective's value at given scores. */
async function rankingLoss(
  scores: readonly (readonly number[])[],
  rankings: readonly EncodedRanking[],
  { relation, loss }: RankingObjective,
): Promise<number> {
  const { responses } = batchShape(rankings);
  const tensor = tf.tidy(() =>
    loss(padRows(scores, responses), padRelations(rankings.map(relation), responses)),
  );
  const [value] = await tensor.data();
  tensor.dispose();
  return value!;
}

function meanLead(scores: readonly (readonly number[])[], rankings: readonly EncodedRanking[]): number {
  return mean(
    rankings.flatMap(({ ranks }, r) =>
      rankedPairs(ranks).map(([better, worse]) => scores[r]![better]! - scores[r]![worse]!),
    ),
  );
}

interface BatchShape {
  /** K, the responses of the longest ranking. */
  readonly responses: number;
  /** T, the tokens of the longest sequence. */
  readonly length: number;
}

type RankingBatch = {
  /** [R·K, T] */
  readonly ids: tf.Tensor2D;
  /** [R·K, T] 1 at each sequence's last token */
  readonly ends: tf.Tensor2D;
  /** [R, K, K] */
  readonly relation: tf.Tensor3D;
};

function batchShape(rankings: readonly EncodedRanking[]): BatchShape {
  return {
    responses: rankings.reduce((most, { sequences }) => Math.max(most, sequences.length), 0),
    length: longest(rankings.flatMap(({ sequences }) => sequences)),
  };
}

/** A ranking of fewer than K responses is filled up with empty sequences, which score 0 and are beside no other. */
function rankingBatch(
  rankings: readonly EncodedRanking[],
  { responses, length }: BatchShape,
  relation: RankingObjective['relation'],
): RankingBatch {
  const empty: Sequence = { ids: [], responseStart: 0, responseLength: 0 };
  const sequences = rankings.flatMap((ranking) =>
    Array.from({ length: responses }, (_, k) => ranking.sequences[k] ?? empty),
  );
  return { ...sequenceBatch(sequences, length), relation: padRelations(rankings.map(relation), responses) };
}

/** [R, K, K] */
function padRelations(
  relations: readonly (readonly (readonly number[])[])[],
  responses: number,
): tf.Tensor3D {
  const padded = new Float32Array(relations.length * responses * responses);
  relations.forEach((rows, r) => {
    rows.forEach((row, k) => {
      padded.set(row, (r * responses + k) * responses);
    });
  });
  return tf.tensor3d(padded, [relations.length, responses, responses]);
}
