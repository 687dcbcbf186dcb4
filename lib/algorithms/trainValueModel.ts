/**
 * Trains a value model on responses and their rewards: the target at each token of a response is the discounted
 * reward that follows.
 */
import { prefixValues } from '../advantages/discountedReturns';
import { checkInterrupt } from '../engine/interrupt';
import { tf } from '../engine/tensorflow';
import { valueRegressionLoss } from '../losses/valueRegression';
import { minibatches } from '../math/minibatches';
import type { Random } from '../math/random';
import { explainedVariance } from '../math/statistics';
import { longest, padSequences, type Sequence } from '../models/sequences';
import { tokenValues, type ValueModel } from '../models/valueModel';
import { createAdamW } from './adamW';
import { gradientStep } from './gradientStep';
import { learningRateAt } from './learningRate';

export interface ValueModelConfig {
  readonly steps: number;
  /** Responses in a minibatch. */
  readonly batchSize: number;
  /** γ, from 0 to 1. */
  readonly discount: number;
  readonly learningRate: number;
  readonly warmupSteps: number;
  /** The gradient is scaled down to this Euclidean norm. */
  readonly maxGradNorm: number;
}

export interface ValueModelRow {
  readonly step: number;
  readonly epoch: number;
  /** Mean squared error over the minibatch's response tokens, in the squared unit of the reward. */
  readonly loss: number;
  /** Of the returns at the minibatch's response tokens, before the update: 1 is perfect, 0 no better than their mean. */
  readonly explained_variance: number;
  /** Before clipping. */
  readonly grad_norm: number;
  readonly learning_rate: number;
}

export interface RewardedSequence {
  readonly sequence: Sequence;
  readonly reward: number;
}

/** One row a step. The model is trained in place; an interrupt leaves it as the last step left it. */
export async function* trainValueModel(
  model: ValueModel,
  examples: readonly RewardedSequence[],
  config: ValueModelConfig,
  random: Random,
): AsyncGenerator<ValueModelRow, void> {
  const { parameters } = model;
  const optimizer = createAdamW(parameters.vector);
  const length = longest(examples.map(({ sequence }) => sequence));
  const batches = minibatches(examples.length, config.batchSize, random);
  const objective = ({ ids, returns, mask }: ValueBatch) => {
    const values = tokenValues(model, ids);
    return { loss: valueRegressionLoss(values, returns, mask), values };
  };
  const descent = { parameters, optimizer, maxGradNorm: config.maxGradNorm, objective };

  try {
    for (let step = 1; step <= config.steps; step++) {
      const { epoch, indices } = batches.next().value;
      const learningRate = learningRateAt(step, config);
      const batch = indices.map((i) => examples[i]!);
      const tensors = valueBatch(batch, length, config.discount);
      const { loss, values, grad_norm } = await gradientStep(descent, tensors, { step, learningRate });
      tf.dispose([tensors.ids, tensors.returns, tensors.mask]);
      yield {
        step,
        epoch,
        loss,
        explained_variance: explainedVariance(
          batch.flatMap((example) => exampleReturns(example, config.discount)),
          responseRows(batch, values, length).flat(),
        ),
        grad_norm,
        learning_rate: learningRate,
      };
      await checkInterrupt();
    }
  } finally {
    optimizer.dispose();
  }
}

/** The target at each token of a response. */
function exampleReturns({ sequence, reward }: RewardedSequence, discount: number): number[] {
  return prefixValues(reward, sequence.responseLength, discount);
}

/** The values [B, T] at each response's tokens alone. */
function responseRows(
  batch: readonly { readonly sequence: Sequence }[],
  values: readonly number[],
  length: number,
): number[][] {
  return batch.map(({ sequence: { responseStart, responseLength } }, row) => {
    const start = row * length + responseStart;
    return values.slice(start, start + responseLength);
  });
}

interface ValueBatch {
  /** [B, T] */
  readonly ids: tf.Tensor2D;
  /** [B, T] the target at each token of each response */
  readonly returns: tf.Tensor2D;
  /** [B, T] 1 where there is a target; the end token has none */
  readonly mask: tf.Tensor2D;
}

function valueBatch(batch: readonly RewardedSequence[], length: number, discount: number): ValueBatch {
  const sequences = batch.map(({ sequence }) => sequence);
  const returns = new Float32Array(batch.length * length);
  const mask = new Float32Array(batch.length * length);
  batch.forEach((example, row) => {
    const { responseStart, responseLength } = example.sequence;
    const start = row * length + responseStart;
    returns.set(exampleReturns(example, discount), start);
    mask.fill(1, start, start + responseLength);
  });
  const shape: [number, number] = [batch.length, length];
  return {
    ids: padSequences(sequences, length),
    returns: tf.tensor2d(returns, shape),
    mask: tf.tensor2d(mask, shape),
  };
}

/** The model's value at each token of each response. */
export async function responseValues(model: ValueModel, sequences: readonly Sequence[]): Promise<number[][]> {
  const length = longest(sequences);
  const tensor = tf.tidy(() => tokenValues(model, padSequences(sequences, length)));
  const values = await tensor.data();
  tensor.dispose();
  return responseRows(
    sequences.map((sequence) => ({ sequence })),
    [...values],
    length,
  );
}
