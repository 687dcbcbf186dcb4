/**
 * A value model: a GPT trunk and a scalar head, read at each token. The value at a token is the return expected
 * from there on, given the query and the response up to and including that token.
 */
import { tf } from '../engine/tensorflow';
import type { Random } from '../math/random';
import { type GptConfig, gptHiddenStates } from './gpt';
import { lastStates, type TokenStates } from './gptPolicy';
import { type ParameterLookup, type Parameters, unpack } from './parameters';
import type { Critic } from './policy';
import { createHeadedModel, type GivenTrunk, scalarHead } from './scalarHead';

/** As a critic it gives the value before each of a response's actions: at the token before it. */
export interface ValueModel extends Critic<TokenStates> {
  readonly config: GptConfig;
}

/** @param trunk a language model's, whose hidden states the head then reads; a new one unless given */
export function createValueModel(config: GptConfig, random: Random, trunk?: GivenTrunk): ValueModel {
  return valueModel(config, createHeadedModel(config, random, trunk));
}

/** The value model of given parameters, such as those read from a file. */
export function valueModel(config: GptConfig, parameters: Parameters): ValueModel {
  function values(states: TokenStates, steps: number, given?: ParameterLookup): tf.Tensor2D {
    return tf.tidy(() => {
      const parameter = given ?? unpack(parameters);
      return scalarHead(parameter, lastStates(parameter, config, states, steps));
    });
  }
  return { config, parameters, values };
}

/**
 * @param ids [B, T] token numbers, padded on the right
 * @returns   [B, T] values, in the unit of the reward
 */
export function tokenValues({ config, parameters }: ValueModel, ids: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const parameter = unpack(parameters);
    return scalarHead(parameter, gptHiddenStates(parameter, config, ids));
  });
}
