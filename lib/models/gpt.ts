/**
 * A decoder-only Transformer: learned positions, layer normalization before attention and before the MLP, GELU.
 * Radford et al. 2019 (GPT-2). It ends with hidden states; a head turns them into scores, values or logits.
 *
 * Everything is a function of tensors and nothing is read back, so that a whole step can be recorded and replayed.
 */
import { tf } from '../engine/tensorflow';
import { InputError } from '../errors/inputError';
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
  /** Whether logits are products with the token embedding, as in GPT-2, or have a matrix of their own; tied unless said. */
  readonly tiedHead?: boolean;
}

/** GPT-2's start: normal with σ 0.02, and the projections into the residual stream scaled down by √(2·layers). */
export function gptSpecification(config: GptConfig): ParameterSpecification {
  const { vocabularySize, contextLength, layers, heads, width } = config;
  if (width % heads !== 0) throw new InputError(`a width of ${width} cannot be shared by ${heads} heads.`);
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
 * Where a batch of prompts padded on the left begins: each row's first real token. Positions count from there, and
 * what stands before is never attended to. Absent, every row starts at column 0.
 */
export type Starts = tf.Tensor1D | null;

/**
 * Hidden states of sequences, padded on either side. A position sees itself and what stands before it in its own
 * sequence, so padding changes nothing.
 * @param parameter the model's named tensors
 * @param ids       [B, T] token numbers, int32; T at most the context length
 * @param starts    [B] int32
 * @returns         [B, T, width] after the last normalization; of no use before a row's start
 */
export function gptHiddenStates(
  parameter: ParameterLookup,
  config: GptConfig,
  ids: tf.Tensor2D,
  starts: Starts = null,
): tf.Tensor3D {
  return gptExtend(parameter, config, ids, starts, null).hidden;
}

/** Keys and values of the tokens so far, for each layer: [heads, B, tokens, width/heads] each. */
export type AttentionCache = readonly { readonly keys: tf.Tensor4D; readonly values: tf.Tensor4D }[];

/**
 * Hidden states of tokens that follow others, whose keys and values are in the cache: what sampling needs for each
 * further token instead of the whole sequence.
 * @param ids   [B, T] the tokens that follow
 * @param cache of the tokens before them; null where there are none
 * @returns     [B, T, width], and the cache with these tokens added
 */
export function gptExtend(
  parameter: ParameterLookup,
  config: GptConfig,
  ids: tf.Tensor2D,
  starts: Starts,
  cache: AttentionCache | null,
): { readonly hidden: tf.Tensor3D; readonly cache: AttentionCache } {
  const [batch, length] = ids.shape;
  const { contextLength, layers, width } = config;
  const before = cache?.[0]?.keys.shape[2] ?? 0;
  if (before + length > contextLength) {
    throw new Error(`a sequence has ${before + length} tokens; the model's context holds ${contextLength}.`);
  }
  const bias = attentionBias(before, length, starts);
  const extended: AttentionCache[number][] = [];
  let x = embed(parameter, config, ids, starts, before);
  for (let layer = 0; layer < layers; layer++) {
    const block: ParameterLookup = (name) => parameter(`block${layer}.${name}`);
    const past = cache?.[layer] ?? null;
    const attended = attention(
      block,
      config,
      layerNorm(block, 'attentionNorm', x),
      [batch, length],
      bias,
      past,
    );
    extended.push(attended);
    x = x.add(attended.mixed);
    x = x.add(mlp(block, layerNorm(block, 'mlpNorm', x)));
  }
  const hidden = layerNorm(parameter, 'finalNorm', x).reshape<tf.Tensor3D>([batch, length, width]);
  return { hidden, cache: extended.map(({ keys, values }) => ({ keys, values })) };
}

/** A head of its own for the logits, where it is not tied: normal with σ 0.02, no bias. */
export function logitsSpecification({
  vocabularySize,
  width,
  tiedHead = true,
}: GptConfig): ParameterSpecification {
  if (tiedHead) return {};
  return { 'logits.weight': { shape: [vocabularySize, width], initial: { normal: 0.02 } } };
}

/**
 * The logits of the next token.
 * @param hidden [B, T, width]
 * @returns      [B, T, V]
 */
export function gptLogits(
  parameter: ParameterLookup,
  { tiedHead = true }: GptConfig,
  hidden: tf.Tensor3D,
): tf.Tensor3D {
  const [batch, length, width] = hidden.shape;
  const weight = parameter(tiedHead ? 'embedding.token' : 'logits.weight') as tf.Tensor2D;
  const logits = hidden.reshape<tf.Tensor2D>([batch * length, width]).matMul(weight, false, true);
  return logits.reshape([batch, length, weight.shape[0]]);
}

/** Matrix products with one-hot rows rather than look-ups: wasm has no kernel for a look-up's gradient. */
function embed(
  parameter: ParameterLookup,
  { vocabularySize, contextLength, width }: GptConfig,
  ids: tf.Tensor2D,
  starts: Starts,
  before: number,
): tf.Tensor2D {
  const [batch, length] = ids.shape;
  const tokens = tf.oneHot(ids.flatten(), vocabularySize).matMul(parameter('embedding.token'));
  const table = parameter('embedding.position') as tf.Tensor2D;
  if (!starts) {
    const positions = table.slice([before, 0], [length, width]);
    return tokens
      .reshape([batch, length, width])
      .add(positions)
      .reshape([batch * length, width]);
  }
  const columns = tf.range(before, before + length, 1, 'int32');
  const positions = columns.sub(starts.expandDims(1)).maximum(tf.scalar(0, 'int32'));
  return tokens.add(tf.oneHot(positions.flatten().toInt(), contextLength).matMul(table));
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
 * softmax(Q Kᵀ/√d + bias) V for all heads at once. Vaswani et al. 2017, eq. 1.
 * Heads come first, [heads, B, T, d]: then queries, keys and values are each one contiguous piece of memory.
 */
function attention(
  block: ParameterLookup,
  { heads, width }: GptConfig,
  x: tf.Tensor2D,
  [batch, length]: readonly [number, number],
  bias: tf.Tensor,
  past: AttentionCache[number] | null,
): AttentionCache[number] & { readonly mixed: tf.Tensor2D } {
  const headWidth = width / heads;
  const projected = linear(block, 'queryKeyValue', x).reshape([batch, length, 3 * heads, headWidth]);
  const [query, key, value] = tf.split(projected.transpose([2, 0, 1, 3]), 3) as tf.Tensor4D[];
  const keys = past ? tf.concat([past.keys, key!], 2) : key!;
  const values = past ? tf.concat([past.values, value!], 2) : value!;
  const mixed = scaledAttention(query!, keys, values, bias)
    .transpose([1, 2, 0, 3])
    .reshape<tf.Tensor2D>([batch * length, width]);
  return { keys, values, mixed: linear(block, 'attentionOut', mixed) };
}

/**
 * @param query [heads, B, T, d]
 * @param key   [heads, B, S, d]
 * @param value [heads, B, S, d]
 * @param bias  added to the scores [heads, B, T, S]; −1e9 where a token may not look
 * @returns     [heads, B, T, d]
 */
export function scaledAttention(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  bias: tf.Tensor,
): tf.Tensor4D {
  const scores = tf.matMul(query, key, false, true).mul(1 / Math.sqrt(query.shape[3]));
  return tf.softmax(scores.add(bias)).matMul(value) as tf.Tensor4D;
}

/**
 * 0 where a token may look, −1e9 on what comes after it and before its row's start: e^−1e9 is exactly 0.
 * @returns [T, before + T], or [B, T, before + T] where rows have starts
 */
export function attentionBias(before: number, length: number, starts: Starts): tf.Tensor {
  const columns = before + length;
  const bias = new Float32Array(length * columns);
  for (let row = 0; row < length; row++)
    bias.fill(-1e9, row * columns + before + row + 1, (row + 1) * columns);
  const causal = tf.tensor2d(bias, [length, columns]);
  if (!starts) return causal;
  const hidden = tf.range(0, columns, 1, 'int32').less(starts.expandDims(1));
  return hidden.toFloat().mul(-1e9).expandDims(1).add(causal);
}
