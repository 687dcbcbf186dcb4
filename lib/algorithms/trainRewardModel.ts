/**
 * Trains a reward model on rankings with the Bradley–Terry loss.
 */
import { checkInterrupt } from '../engine/interrupt';
import { tf } from '../engine/tensorflow';
import { bradleyTerryLoss } from '../losses/bradleyTerry';
import { minibatches } from '../math/minibatches';
import type { Random } from '../math/random';
import { type RewardModel, rewardScores } from '../models/rewardModel';
import { encodeSequence, longest, padSequences, type Sequence } from '../models/sequences';
import type { Tokenizer } from '../models/tokenizer';
import { pairwiseAccuracy, type Ranking, rankedPairs } from '../tasks/rankings';
import { createAdamW } from './adamW';
import { gradientStep } from './gradientStep';
import { learningRateAt } from './learningRate';

export interface RewardModelConfig {
  readonly steps: number;
  /** Rankings in a minibatch; all pairs of a ranking are used together. */
  readonly batchSize: number;
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly weightDecay: number;
  /** The gradient is scaled down to this Euclidean norm. */
  readonly maxGradNorm: number;
  /** Held-out accuracy is measured each so many steps, and after the last. */
  readonly evaluateEvery: number;
}

export interface RewardModelRow {
  readonly step: number;
  readonly epoch: number;
  /** Bradley–Terry loss of the minibatch, in nats. */
  readonly loss: number;
  /** Share of the minibatch's pairs in the right order, before the update. */
  readonly accuracy: number;
  readonly held_out_accuracy: number | null;
  /** Before clipping. */
  readonly grad_norm: number;
  readonly learning_rate: number;
}

export interface EncodedRanking {
  readonly sequences: readonly Sequence[];
  readonly ranks: readonly number[];
}

export function encodeRankings(tokenizer: Tokenizer, rankings: readonly Ranking[]): EncodedRanking[] {
  return rankings.map(({ query, responses, ranks }) => ({
    sequences: responses.map((response) => encodeSequence(tokenizer, query, response)),
    ranks,
  }));
}

/** One row a step. The model is trained in place; an interrupt leaves it as the last step left it. */
export async function* trainRewardModel(
  model: RewardModel,
  train: readonly EncodedRanking[],
  heldOut: readonly EncodedRanking[],
  config: RewardModelConfig,
  random: Random,
): AsyncGenerator<RewardModelRow, void> {
  const { parameters } = model;
  const optimizer = createAdamW(parameters.vector, { beta2: 0.98, weightDecay: config.weightDecay });
  const shape = batchShape([...train, ...heldOut]);
  const batches = minibatches(train.length, config.batchSize, random);
  const objective = (batch: RankingBatch) => {
    const scores = batchScores(model, batch);
    return { loss: bradleyTerryLoss(scores, batch.preferred), scores };
  };
  const descent = { parameters, optimizer, maxGradNorm: config.maxGradNorm, objective };

  try {
    for (let step = 1; step <= config.steps; step++) {
      const { epoch, indices } = batches.next().value;
      const rankings = indices.map((i) => train[i]!);
      const learningRate = learningRateAt(step, config);
      const batch = rankingBatch(rankings, shape);
      const { loss, scores, grad_norm } = await gradientStep(descent, batch, { step, learningRate });
      tf.dispose([batch.ids, batch.ends, batch.preferred]);
      const evaluates = step % config.evaluateEvery === 0 || step === config.steps;
      yield {
        step,
        epoch,
        loss,
        accuracy: pairwiseAccuracy(rowsOf(scores, shape.responses), rankings),
        held_out_accuracy: evaluates ? pairwiseAccuracy(await scoreRankings(model, heldOut), heldOut) : null,
        grad_norm,
        learning_rate: learningRate,
      };
      await checkInterrupt();
    }
  } finally {
    optimizer.dispose();
  }
}

/** Rankings scored at once: enough to fill the engine, little enough to fit any memory. */
const scoredAtOnce = 64;

/** The model's score of each response of each ranking. */
export async function scoreRankings(
  model: RewardModel,
  rankings: readonly EncodedRanking[],
): Promise<number[][]> {
  const shape = batchShape(rankings);
  const scores: number[][] = [];
  for (let start = 0; start < rankings.length; start += scoredAtOnce) {
    const chunk = rankings.slice(start, start + scoredAtOnce);
    const tensor = tf.tidy(() => batchScores(model, rankingBatch(chunk, shape)));
    const rows = rowsOf([...(await tensor.data())], shape.responses);
    tensor.dispose();
    scores.push(...chunk.map(({ sequences }, i) => rows[i]!.slice(0, sequences.length)));
    await checkInterrupt();
  }
  return scores;
}

interface BatchShape {
  /** K, the responses of the longest ranking. */
  readonly responses: number;
  /** T, the tokens of the longest sequence. */
  readonly length: number;
}

interface RankingBatch {
  readonly shape: readonly [rankings: number, responses: number];
  /** [R·K, T] */
  readonly ids: tf.Tensor2D;
  /** [R·K, T] 1 at each sequence's last token */
  readonly ends: tf.Tensor2D;
  /** [R, K, K] 1 where one response is ranked above another */
  readonly preferred: tf.Tensor3D;
}

function batchShape(rankings: readonly EncodedRanking[]): BatchShape {
  return {
    responses: rankings.reduce((most, { sequences }) => Math.max(most, sequences.length), 0),
    length: longest(rankings.flatMap(({ sequences }) => sequences)),
  };
}

/** A ranking of fewer than K responses is filled up with empty sequences, which score 0 and are in no pair. */
function rankingBatch(rankings: readonly EncodedRanking[], { responses, length }: BatchShape): RankingBatch {
  const empty: Sequence = { ids: [], responseStart: 0, responseLength: 0 };
  const sequences: Sequence[] = [];
  const preferred = new Float32Array(rankings.length * responses * responses);
  rankings.forEach((ranking, r) => {
    for (let k = 0; k < responses; k++) sequences.push(ranking.sequences[k] ?? empty);
    for (const [better, worse] of rankedPairs(ranking.ranks)) {
      preferred[(r * responses + better) * responses + worse] = 1;
    }
  });
  const ends = new Float32Array(sequences.length * length);
  sequences.forEach(({ ids }, row) => {
    if (ids.length > 0) ends[row * length + ids.length - 1] = 1;
  });
  return {
    shape: [rankings.length, responses],
    ids: padSequences(sequences, length),
    ends: tf.tensor2d(ends, [sequences.length, length]),
    preferred: tf.tensor3d(preferred, [rankings.length, responses, responses]),
  };
}

function batchScores(model: RewardModel, { shape, ids, ends }: RankingBatch): tf.Tensor2D {
  return rewardScores(model, ids, ends).reshape([shape[0], shape[1]]);
}

function rowsOf(values: readonly number[], length: number): number[][] {
  return Array.from({ length: values.length / length }, (_, row) =>
    values.slice(row * length, (row + 1) * length),
  );
}
