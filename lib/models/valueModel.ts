/**
 * A value model: a GPT trunk and a scalar head, read at each token. The value at a token is the return expected
 * from there on, given the query and the response up to and including that token.
 */
import { tf } from '../engine/tensorflow';
import type { Random } from '../math/random';
import { type GptConfig, gptHiddenStates, gptSpecification } from './gpt';
import { createParameters, type Parameters, unpack } from './parameters';
import { scalarHead, scalarHeadSpecification } from './scalarHead';

export interface ValueModel {
  readonly config: GptConfig;
  readonly parameters: Parameters;
}

export function createValueModel(config: GptConfig, random: Random): ValueModel {
  const specification = { ...gptSpecification(config), ...scalarHeadSpecification(config) };
  return { config, parameters: createParameters(specification, random) };
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
