/**
 * One number per position from a model's hidden states: a reward model's score or a value model's value.
 */
import { tf } from '../engine/tensorflow';
import type { Random } from '../math/random';
import { type GptConfig, gptSpecification } from './gpt';
import {
  copyParameters,
  createParameters,
  disposeParameters,
  type ParameterLookup,
  type ParameterSpecification,
  type Parameters,
  unpack,
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

/** A trunk taken from another model, such as the policy; a copy is taken, and the other model stays as it is. */
export interface GivenTrunk {
  readonly parameters: Parameters;
  /** The head alone, on a trunk that is frozen; or the whole, which starts there (Ouyang et al. 2022, section 3.5). */
  readonly train: 'head' | 'whole';
}

/** The parameters of a trunk with a scalar head: all new and all trained unless a trunk is given. */
export function createHeadedModel(config: GptConfig, random: Random, trunk?: GivenTrunk): Parameters {
  const [trunkParts, head] = [gptSpecification(config), scalarHeadSpecification(config)];
  const whole = { ...trunkParts, ...head };
  if (!trunk) return createParameters(whole, random);
  const newHead = createParameters(head, random);
  if (trunk.train === 'head') return { ...newHead, frozen: copyParameters(trunk.parameters) };
  const vector = tf.tidy(() => {
    const given = unpack(trunk.parameters);
    const parts = Object.keys(trunkParts).map((name) => given(name).flatten());
    return tf.variable(tf.concat([...parts, newHead.vector]) as tf.Tensor1D);
  });
  disposeParameters(newHead);
  return { specification: whole, vector };
}
