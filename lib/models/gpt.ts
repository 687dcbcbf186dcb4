/**
 * A decoder-only Transformer: learned positions, layer normalization before attention and before the MLP, GELU.
 * Radford et al. 2019 (GPT-2). It ends with hidden states; a head turns them into scores, values or logits.
 *
 * Everything is a function of tensors and nothing is read back, so that a whole step can be recorded and replayed.
 */
import { tf } from '../engine/tensorflow';
import type { ParameterLookup, ParameterSpecification } from './parameters';

export interface GptConfig {
  /** Number of tokens, the special ones included. */
  readonly vocabularySize: number;
  /** Longest sequence, in tokens. */
  readonly contextLength: number;
  readonly layers: number;
  /** Attention heads; they share `width` evenly. */
  readonly heads: number;
  /** Length of a hidden state; the MLP is four times as wide. */
  readonly width: number;
}

/** GPT-2's start: normal with σ 0.02, and the projections into the residual stream scaled down by √(2·layers). */
export function gptSpecification(config: GptConfig): ParameterSpecification {
  const { vocabularySize, contextLength, layers, heads, width } = config;
  if (width % heads !== 0) throw new Error(`a width of ${width} cannot be shared by ${heads} heads.`);
  const normal = { normal: 0.02 };
  const residual = { normal: 0.02 / Math.sqrt(2 * layers) };
  const vector = (length: number, initial: 'zeros' | 'ones') => ({ shape: [length], initial });

  const specification: Record<string, ParameterSpecification[string]> = {
    'embedding.token': { shape: [vocabularySize, width], initial: normal },
    'embedding.position': { shape: [contextLength, width], initial: normal },
  };
  for (let layer = 0; layer < layers; layer++) {
    Object.assign(specification, {
      [`block${layer}.attentionNorm.gain`]: vector(width, 'ones'),
      [`block${layer}.attentionNorm.bias`]: vector(width, 'zeros'),
      [`block${layer}.queryKeyValue.weight`]: { shape: [width, 3 * width], initial: normal },
      [`block${layer}.queryKeyValue.bias`]: vector(3 * width, 'zeros'),
      [`block${layer}.attentionOut.weight`]: { shape: [width, width], initial: residual },
      [`block${layer}.attentionOut.bias`]: vector(width, 'zeros'),
      [`block${layer}.mlpNorm.gain`]: vector(width, 'ones'),
      [`block${layer}.mlpNorm.bias`]: vector(width, 'zeros'),
      [`block${layer}.mlpIn.weight`]: { shape: [width, 4 * width], initial: normal },
      [`block${layer}.mlpIn.bias`]: vector(4 * width, 'zeros'),
      [`block${layer}.mlpOut.weight`]: { shape: [4 * width, width], initial: residual },
      [`block${layer}.mlpOut.bias`]: vector(width, 'zeros'),
    });
  }
  specification['finalNorm.gain'] = vector(width, 'ones');
  specification['finalNorm.bias'] = vector(width, 'zeros');
  return specification;
}

/**
 * Hidden states of right-padded sequences. A position sees itself and what stands before it, so padding on the right
 * changes nothing on its left.
 * @param parameter the model's named tensors
 * @param ids       [B, T] token numbers, int32; T at most the context length
 * @returns         [B, T, width] after the last normalization
 */
export function gptHiddenStates(
  parameter: ParameterLookup,
  config: GptConfig,
  ids: tf.Tensor2D,
): tf.Tensor3D {
  const [batch, length] = ids.shape;
  const { contextLength, layers, width } = config;
  if (length > contextLength) {
    throw new Error(`a sequence has ${length} tokens; the model's context holds ${contextLength}.`);
  }
  let x = embed(parameter, config, ids);
  for (let layer = 0; layer < layers; layer++) {
    const block: ParameterLookup = (name) => parameter(`block${layer}.${name}`);
    x = x.add(attention(block, config, layerNorm(block, 'attentionNorm', x), batch, length));
    x = x.add(mlp(block, layerNorm(block, 'mlpNorm', x)));
  }
  return layerNorm(parameter, 'finalNorm', x).reshape([batch, length, width]);
}

/** A matrix product with one-hot rows rather than a look-up: wasm has no kernel for a look-up's gradient. */
function embed(parameter: ParameterLookup, config: GptConfig, ids: tf.Tensor2D): tf.Tensor2D {
  const [batch, length] = ids.shape;
  const { vocabularySize, width } = config;
  const tokens = tf.oneHot(ids.flatten(), vocabularySize).matMul(parameter('embedding.token'));
  const positions = parameter('embedding.position').slice([0, 0], [length, width]);
  return tokens
    .reshape([batch, length, width])
    .add(positions)
    .reshape([batch * length, width]);
}

function linear(parameter: ParameterLookup, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return x.matMul(parameter(`${name}.weight`)).add(parameter(`${name}.bias`)) as tf.Tensor2D;
}

export function layerNorm(parameter: ParameterLookup, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const centered = x.sub(x.mean(-1, true));
  const variance = centered.square().mean(-1, true);
  const normalized = centered.mul(variance.add(1e-5).rsqrt());
  return normalized.mul(parameter(`${name}.gain`)).add(parameter(`${name}.bias`));
}

/** GELU(x) = x Φ(x), with Φ the normal distribution function: the exact form, by erf. Hendrycks & Gimpel 2016. */
export function gelu<T extends tf.Tensor>(x: T): T {
  return x.mul(x.mul(Math.SQRT1_2).erf().add(1)).mul(0.5) as T;
}

function mlp(block: ParameterLookup, x: tf.Tensor2D): tf.Tensor2D {
  return linear(block, 'mlpOut', gelu(linear(block, 'mlpIn', x)));
}

/**
 * softmax(Q Kᵀ/√d + causal) V for all heads at once. Vaswani et al. 2017, eq. 1.
 * Heads come first, [heads, B, T, d]: then queries, keys and values are each one contiguous piece of memory.
 */
function attention(
  block: ParameterLookup,
  { heads, width }: GptConfig,
  x: tf.Tensor2D,
  batch: number,
  length: number,
): tf.Tensor2D {
  const headWidth = width / heads;
  const projected = linear(block, 'queryKeyValue', x).reshape([batch, length, 3 * heads, headWidth]);
  const [query, key, value] = tf.split(projected.transpose([2, 0, 1, 3]), 3) as tf.Tensor4D[];
  const scores = tf.matMul(query!, key!, false, true).mul(1 / Math.sqrt(headWidth));
  const weights = tf.softmax(scores.add(causalBias(length)));
  const mixed = weights
    .matMul(value!)
    .transpose([1, 2, 0, 3])
    .reshape<tf.Tensor2D>([batch * length, width]);
  return linear(block, 'attentionOut', mixed);
}

/** [T, T] 0 where a row may look, −1e9 on what comes after it: e^−1e9 is exactly 0. */
function causalBias(length: number): tf.Tensor2D {
  const bias = new Float32Array(length * length);
  for (let row = 0; row < length; row++) bias.fill(-1e9, row * length + row + 1, (row + 1) * length);
  return tf.tensor2d(bias, [length, length]);
}
