/**
 * A reward model: a GPT trunk and a scalar head, read at a sequence's last token.
 * It takes the whole (query, response) and gives one score; only differences of scores of one query mean something.
 */
import { tf } from '../engine/tensorflow';
import type { Random } from '../math/random';
import { type GptConfig, gptHiddenStates } from './gpt';
import { type Parameters, unpack } from './parameters';
import { createHeadedModel, type GivenTrunk, scalarHead } from './scalarHead';

export interface RewardModel {
  readonly config: GptConfig;
  readonly parameters: Parameters;
}

/** @param trunk a language model's, whose hidden states the head then reads; a new one unless given */
export function createRewardModel(config: GptConfig, random: Random, trunk?: GivenTrunk): RewardModel {
  return { config, parameters: createHeadedModel(config, random, trunk) };
}

/**
 * @param ids  [B, T] token numbers, padded on the right
 * @param last [B, T] 1 at the last token of each sequence, else 0; a row of zeros scores 0
 * @returns    [B] scores, in nats
 */
export function rewardScores(
  { config, parameters }: RewardModel,
  ids: tf.Tensor2D,
  last: tf.Tensor2D,
): tf.Tensor1D {
  return tf.tidy(() => {
    const parameter = unpack(parameters);
    return scalarHead(parameter, gptHiddenStates(parameter, config, ids))
      .mul(last)
      .sum(1);
  });
}
