/**
 * One number per position from a model's hidden states: a reward model's score or a value model's value.
 */
import type { tf } from '../engine/tensorflow';
import type { Random } from '../math/random';
import { type GptConfig, gptSpecification } from './gpt';
import {
  copyParameters,
  createParameters,
  type ParameterLookup,
  type ParameterSpecification,
  type Parameters,
} from './parameters';

/** Normal with variance 1/(width + 1), bias 0. Stiennon et al. 2020, arXiv:2009.01325, appendix B.1. */
export function scalarHeadSpecification({ width }: GptConfig): ParameterSpecification {
  return {
    'head.weight': { shape: [width, 1], initial: { normal: 1 / Math.sqrt(width + 1) } },
    'head.bias': { shape: [1], initial: 'zeros' },
  };
}

/**
 * @param hidden [B, T, width]
 * @returns      [B, T]
 */
export function scalarHead(parameter: ParameterLookup, hidden: tf.Tensor3D): tf.Tensor2D {
  const [batch, length, width] = hidden.shape;
  const outputs = hidden.reshape([batch * length, width]).matMul(parameter('head.weight'));
  return outputs.add(parameter('head.bias')).reshape([batch, length]);
}

/**
 * The parameters of a trunk with a scalar head: all new and all trained, or a frozen copy of a given trunk, such as a
 * language model's, with a head that is trained alone.
 */
export function createHeadedModel(config: GptConfig, random: Random, trunk?: Parameters): Parameters {
  const head = scalarHeadSpecification(config);
  if (!trunk) return createParameters({ ...gptSpecification(config), ...head }, random);
  return { ...createParameters(head, random), frozen: copyParameters(trunk) };
}
