/**
 * Trains a value model on responses and their rewards: the target at each token of a response is the discounted
 * reward that follows.
 */
import { prefixValues } from '../advantages/discountedReturns';
import { tf } from '../engine/tensorflow';
import type { Random } from '../math/random';
import type { Critic } from '../models/policy';
import { longest, padSequences, type Sequence } from '../models/sequences';
import { tokenValues, type ValueModel } from '../models/valueModel';
import type { SupervisedConfig } from './supervised/supervise';
import { type CriticRow, trainCritic } from './supervised/trainCritic';

export interface ValueModelConfig extends SupervisedConfig {
  /** γ, from 0 to 1. */
  readonly discount: number;
}

export type ValueModelRow = CriticRow;

export interface RewardedSequence {
  readonly sequence: Sequence;
  readonly reward: number;
}

/**
 * A response of T tokens with the reward R gives its t-token prefix the target γ^(T−t) R: see `prefixValues`.
 * The end token has none.
 * @returns one row a step; the model is trained in place
 * @throws  where a loss or its gradient is not finite; the parameters are those before that step
 */
export function trainValueModel(
  model: ValueModel,
  examples: readonly RewardedSequence[],
  config: ValueModelConfig,
  random: Random,
): AsyncGenerator<ValueModelRow, void> {
  const targets = examples.map(({ sequence: { ids, responseStart, responseLength }, reward }) => ({
    seen: ids,
    start: responseStart,
    targets: prefixValues(reward, responseLength, config.discount),
  }));
  const critic: Critic<{ readonly ids: tf.Tensor2D }> = {
    parameters: model.parameters,
    values: ({ ids }) => tokenValues(model, ids),
  };
  return trainCritic(critic, (ids) => ({ ids }), targets, config, random);
}

/** The model's value at each token of each response. */
export async function responseValues(model: ValueModel, sequences: readonly Sequence[]): Promise<number[][]> {
  const length = longest(sequences);
  const tensor = tf.tidy(() => tokenValues(model, padSequences(sequences, length)));
  const values = Array.from(await tensor.data());
  tensor.dispose();
  return sequences.map(({ responseStart, responseLength }, row) => {
    const start = row * length + responseStart;
    return values.slice(start, start + responseLength);
  });
}
