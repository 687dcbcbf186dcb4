/**
 * A decoder-only Transformer: learned positions, layer normalization before attention and before the MLP, GELU.
 * Radford et al. 2019 (GPT-2). It ends with hidden states; a head turns them into scores, values or logits.
 *
 * Everything is a function of tensors and nothing is read back, so that a whole step can be recorded and replayed.
 */
import { attention } from '../engine/kernels/attention';
import { biasGelu } from '../engine/kernels/gelu';
import { layerNorm } from '../engine/kernels/layerNorm';
import { lookup } from '../engine/kernels/lookup';
import { biasResidual } from '../engine/kernels/residual';
import { tf } from '../engine/tensorflow';
import { InputError } from '../errors/inputError';
import { cachedAttention } from './cachedAttention';
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

/** Sequences of token numbers, or prompts and the responses that go on from them. */
export interface Tokens {
  /** [Q, P] int32, padded on either side */
  readonly ids: tf.Tensor2D;
  /**
   * [Q] int32: each row's first real token. Positions count from there, and what stands before is never attended to.
   * null: every row starts at column 0.
   */
  readonly starts: tf.Tensor1D | null;
  /** [B, T] int32, of which each B/Q consecutive ones go on from one row of ids; none unless given. */
  readonly responses?: tf.Tensor2D | null;
}

/**
 * Hidden states of sequences, padded on either side. A position sees itself and what stands before it in its own
 * sequence, so padding changes nothing.
 * @param parameter the model's named tensors
 * @param ids       [B, T] token numbers, int32; T at most the context length
 * @returns         [B, T, width] after the last normalization; of no use before a row's start
 */
export function gptHiddenStates(
  parameter: ParameterLookup,
  config: GptConfig,
  ids: tf.Tensor2D,
  starts: Tokens['starts'] = null,
): tf.Tensor3D {
  const { hidden } = gptPacked(parameter, config, { ids, starts });
  return hidden.reshape([...ids.shape, config.width]);
}

/** What the prompts of a batch leave for the tokens that follow them. */
export interface PromptPass {
  /** [N, width] after the last normalization: the tokens of all rows of ids, then those of all responses */
  readonly hidden: tf.Tensor2D;
  /** [N, 3 width] for each layer: queries, keys and values, before their bias */
  readonly queryKeyValue: readonly tf.Tensor2D[];
}

/**
 * The hidden states of prompts and responses as one matrix of N = Q·P + B·T tokens: but for attention, a Transformer
 * does the same to each token, so that a prompt shared by a group of responses is computed once.
 */
export function gptPacked(parameter: ParameterLookup, config: GptConfig, tokens: Tokens): PromptPass {
  const { ids, responses = null } = tokens;
  const [prompts, promptLength] = ids.shape;
  const [rows, length] = responses?.shape ?? [0, 0];
  const { heads, layers } = config;
  requireContext(promptLength + length, config.contextLength);
  const layout = { heads, prompts, promptLength, responses: rows, responseLength: length };
  const starts = tokens.starts ?? tf.zeros<tf.Rank.R1>([prompts], 'int32');
  const packed = responses ? tf.concat([ids.flatten(), responses.flatten()]) : ids.flatten();
  let x = embed(parameter, packed, positionsOf(tokens));
  const queryKeyValue: tf.Tensor2D[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const block = blockOf(parameter, layer);
    const projected = projectAttention(block, x);
    queryKeyValue.push(projected);
    const mixed = attention(projected, vectorOf(block, 'queryKeyValue.bias'), starts, layout);
    x = afterAttention(block, x, mixed);
  }
  return { hidden: normalize(parameter, 'finalNorm', x), queryKeyValue };
}

/** Where the decoding of responses stands. */
export type DecodingPlace = {
  /** Of the prompts, by `gptPacked`: [Q·P, 3 width] for each layer */
  readonly queryKeyValue: readonly tf.Tensor2D[];
  /** [Q] */
  readonly starts: tf.Tensor1D;
  /** [B, T, 2 width] for each layer: keys and values of the tokens so far, and room for those to come */
  readonly caches: readonly tf.Tensor3D[];
  /** How many tokens there are so far, int32 */
  readonly position: tf.Scalar;
};

/**
 * The hidden state of one further token of each response.
 * @param token  [B] int32
 * @returns      [B, width], and the caches with this token in them
 */
export function gptDecode(
  parameter: ParameterLookup,
  config: GptConfig,
  token: tf.Tensor1D,
  { queryKeyValue, starts, caches, position }: DecodingPlace,
): { readonly hidden: tf.Tensor2D; readonly caches: tf.Tensor3D[] } {
  const [rows] = token.shape;
  const [prompts] = starts.shape;
  const promptLength = queryKeyValue[0]!.shape[0] / prompts;
  const layout = {
    heads: config.heads,
    prompts,
    promptLength,
    responses: rows,
    responseLength: caches[0]!.shape[1],
  };
  const positions = repeated(position.add(tf.scalar(promptLength, 'int32')).sub(starts), rows / prompts);
  let x = embed(parameter, token, positions as tf.Tensor1D);
  const extended: tf.Tensor3D[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    const block = blockOf(parameter, layer);
    const projected = projectAttention(block, x);
    const bias = vectorOf(block, 'queryKeyValue.bias');
    const past = { promptQkv: queryKeyValue[layer]!, starts, cache: caches[layer]!, position };
    const { mixed, cache } = cachedAttention({ qkv: projected, bias, ...past }, layout);
    extended.push(cache);
    x = afterAttention(block, x, mixed);
  }
  return { hidden: normalize(parameter, 'finalNorm', x), caches: extended };
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
 * @param hidden [N, width]
 * @returns      [N, V]
 */
export function gptLogits(
  parameter: ParameterLookup,
  { tiedHead = true }: GptConfig,
  hidden: tf.Tensor2D,
): tf.Tensor2D {
  const weight = parameter(tiedHead ? 'embedding.token' : 'logits.weight') as tf.Tensor2D;
  return tf.matMul(hidden, weight, false, true);
}

/** @throws for a sequence that is longer than a model can read */
export function requireContext(tokens: number, contextLength: number): void {
  if (tokens <= contextLength) return;
  throw new Error(`a sequence has ${tokens} tokens; the model's context holds ${contextLength}.`);
}

/** Each row `times` times, one after the other: [Q, …] → [Q·times, …]; its gradient sums them again. */
export function repeated<T extends tf.Tensor>(rows: T, times: number): T {
  const [count = 0, ...rest] = rows.shape;
  const spread = rows.expandDims(1).add(tf.zeros([count, times, ...rest.map(() => 1)], rows.dtype));
  return spread.reshape([count * times, ...rest]);
}

/** [N] int32: columns counted from each row's start, and on from there for responses. */
function positionsOf({ ids, starts, responses = null }: Tokens): tf.Tensor1D {
  const [prompts, promptLength] = ids.shape;
  const columns = tf.range(0, promptLength, 1, 'int32').expandDims(0);
  const first = (starts ?? tf.zeros([prompts], 'int32')).expandDims(1);
  const ofPrompts = columns.sub(first).maximum(tf.scalar(0, 'int32')).flatten();
  if (!responses) return ofPrompts;
  const [rows, length] = responses.shape;
  const after = tf.range(promptLength, promptLength + length, 1, 'int32').expandDims(0);
  return tf.concat([ofPrompts, repeated(after.sub(first), rows / prompts).flatten()]);
}

const blockOf =
  (parameter: ParameterLookup, layer: number): ParameterLookup =>
  (name) =>
    parameter(`block${layer}.${name}`);

const vectorOf = (parameter: ParameterLookup, name: string) => parameter(name) as tf.Tensor1D;
const matrixOf = (parameter: ParameterLookup, name: string) => parameter(name) as tf.Tensor2D;

function embed(parameter: ParameterLookup, tokens: tf.Tensor1D, positions: tf.Tensor1D): tf.Tensor2D {
  return tf.add(
    lookup(matrixOf(parameter, 'embedding.token'), tokens),
    lookup(matrixOf(parameter, 'embedding.position'), positions),
  );
}

function normalize(parameter: ParameterLookup, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return layerNorm(x, vectorOf(parameter, `${name}.gain`), vectorOf(parameter, `${name}.bias`));
}

/** The products that attention is made of, before their bias, which it adds. */
function projectAttention(block: ParameterLookup, x: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(normalize(block, 'attentionNorm', x), matrixOf(block, 'queryKeyValue.weight'));
}

/** What follows attention in a block: its way back into the residual stream, and the MLP. */
function afterAttention(block: ParameterLookup, x: tf.Tensor2D, mixed: tf.Tensor2D): tf.Tensor2D {
  const attended = biasResidual(
    x,
    tf.matMul(mixed, matrixOf(block, 'attentionOut.weight')),
    vectorOf(block, 'attentionOut.bias'),
  );
  const inner = tf.matMul<tf.Tensor2D>(
    normalize(block, 'mlpNorm', attended),
    matrixOf(block, 'mlpIn.weight'),
  );
  const active = biasGelu(inner, vectorOf(block, 'mlpIn.bias'));
  return biasResidual(
    attended,
    tf.matMul(active, matrixOf(block, 'mlpOut.weight')),
    vectorOf(block, 'mlpOut.bias'),
  );
}
