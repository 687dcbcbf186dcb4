/**
 * Sampling responses from a language model, one token after the other, with the keys and values of the tokens so far
 * kept (a KV cache).
 */
import { tf } from '../engine/tensorflow';
import { refuse, requireCount } from '../errors/inputError';
import { type AttentionCache, type GptConfig, gptExtend, gptLogits } from './gpt';
import type { GptPolicy } from './gptPolicy';
import { type ParameterLookup, unpack } from './parameters';

export interface SamplingOptions {
  /** T, the longest response. */
  readonly maxTokens: number;
  /** Divides the logits: 1 samples the model's own distribution, 0 takes the likeliest token each time. */
  readonly temperature: number;
  /** Only the k likeliest tokens are sampled; ties with the last of them too. */
  readonly topK?: number;
  /** Only the likeliest tokens that together have probability p are sampled. Holtzman et al. 2019, arXiv:1904.09751. */
  readonly topP?: number;
  /** The token that ends a response. */
  readonly stopToken: number;
}

export interface Prompts {
  /** [B, P] int32, padded on the left */
  readonly ids: tf.Tensor2D;
  /** [B] int32: each row's first real token */
  readonly starts: tf.Tensor1D;
}

export interface SampledResponses {
  /** [B, T] int32, padding after the stop token */
  readonly tokens: tf.Tensor2D;
  /** [B, T] 1 on each token up to and including the stop token */
  readonly mask: tf.Tensor2D;
  /**
   * [B, T] log π of each token in nats, 0 after the stop token: of the whole distribution at the temperature (at 1
   * where it is 0), before top-k and top-p cut it.
   */
  readonly logProbs: tf.Tensor2D;
}

/** What goes from one token to the next. */
interface Decoding {
  readonly cache: AttentionCache;
  /** [B, V] of the token to come */
  readonly logits: tf.Tensor2D;
  /** [B, 1] 1 where the response has not ended */
  readonly open: tf.Tensor2D;
}

/** One token of each row, [B, 1] each. */
interface SampledColumn {
  readonly token: tf.Tensor2D;
  readonly mask: tf.Tensor2D;
  readonly logProb: tf.Tensor2D;
}

/**
 * Samples one response to each prompt.
 * @param noise [B, T] uniform in [0, 1), one number for each token: the same noise gives the same tokens
 */
export function sampleResponses(
  { config, parameters }: GptPolicy,
  prompts: Prompts,
  noise: tf.Tensor2D,
  options: SamplingOptions,
): SampledResponses {
  check(options, config.vocabularySize);
  const [batch] = prompts.ids.shape;
  const { maxTokens } = options;
  return tf.tidy(() => {
    const parameter = unpack(parameters);
    const first = gptExtend(parameter, config, prompts.ids, prompts.starts, null);
    let state: Decoding = { ...predicted(parameter, config, first), open: tf.ones([batch, 1]) };
    const columns: SampledColumn[] = [];
    for (let t = 0; t < maxTokens; t++) {
      const column = sampleColumn(state, noise.slice([0, t], [batch, 1]), options);
      columns.push(column);
      const open = column.mask.mul<tf.Tensor2D>(column.token.notEqual(options.stopToken));
      if (t === maxTokens - 1 || open.max().dataSync()[0] === 0) break;
      const next = gptExtend(parameter, config, column.token, prompts.starts, state.cache);
      state = { ...predicted(parameter, config, next), open };
    }
    const joined = (part: keyof SampledColumn) => {
      const sampled = tf.concat(
        columns.map((column) => column[part]),
        1,
      );
      return sampled.pad<tf.Tensor2D>([
        [0, 0],
        [0, maxTokens - columns.length],
      ]);
    };
    return { tokens: joined('token').toInt(), mask: joined('mask'), logProbs: joined('logProb') };
  });
}

/** The logits after the last of some tokens. */
function predicted(
  parameter: ParameterLookup,
  config: GptConfig,
  { hidden, cache }: { readonly hidden: tf.Tensor3D; readonly cache: AttentionCache },
): Pick<Decoding, 'cache' | 'logits'> {
  const [batch, length, width] = hidden.shape;
  const last = hidden.slice<tf.Tensor3D>([0, length - 1, 0], [batch, 1, width]);
  const logits = gptLogits(parameter, config, last).reshape<tf.Tensor2D>([batch, config.vocabularySize]);
  return { cache, logits };
}

function sampleColumn(
  { logits, open }: Decoding,
  noise: tf.Tensor2D,
  options: SamplingOptions,
): SampledColumn {
  const { temperature } = options;
  const tempered = temperature > 0 ? logits.div<tf.Tensor2D>(temperature) : logits;
  const sampled =
    temperature > 0
      ? drawTokens(truncated(tf.softmax(tempered), options), noise)
      : tempered.argMax(1).expandDims(1);
  const token = sampled.toInt() as tf.Tensor2D;
  const [batch, vocabulary] = logits.shape;
  const logProb = tf
    .logSoftmax(tempered)
    .mul(tf.oneHot(token.reshape([batch]), vocabulary))
    .sum(1, true);
  return {
    // the number of the padding token is 0
    token: token.mul<tf.Tensor2D>(open.toInt()),
    mask: open,
    logProb: logProb.mul(open),
  };
}

/**
 * Probabilities with 0 where top-k and top-p leave a token out; they no longer sum to 1.
 * @param probabilities [B, V]
 */
function truncated(probabilities: tf.Tensor2D, { topK, topP }: SamplingOptions): tf.Tensor2D {
  let kept = probabilities;
  if (topK !== undefined) {
    const likeliest = tf.topk(kept, Math.min(topK, kept.shape[1])).values;
    kept = kept.mul(kept.greaterEqual(likeliest.min(1, true)));
  }
  if (topP !== undefined) {
    const sorted = tf.topk(kept, kept.shape[1]).values;
    const before = sorted.cumsum(1, true);
    const inside = before.less(sorted.sum(1, true).mul(topP));
    const least = tf.where(inside, sorted, tf.onesLike(sorted)).min(1, true);
    kept = kept.mul(kept.greaterEqual(least));
  }
  return kept;
}

/** The largest float32 below 1. */
const below1 = 1 - 2 ** -24;

/**
 * Draws by the inverse of the distribution function: the first token whose cumulative probability exceeds u.
 * @param weights [B, V] not negative; they need not sum to 1
 * @param noise   [B, 1] uniform in [0, 1)
 * @returns       [B, 1] never a token of weight 0
 */
function drawTokens(weights: tf.Tensor2D, noise: tf.Tensor2D): tf.Tensor {
  const cumulative = weights.cumsum(1);
  const total = cumulative.max(1, true);
  // u below 1 stays below the total when the product is rounded: no draw goes beyond the last token that has weight
  return cumulative.lessEqual(noise.minimum(below1).mul(total)).sum(1, true);
}

function check({ maxTokens, temperature, topK, topP }: SamplingOptions, vocabularySize: number): void {
  requireCount('maxTokens', maxTokens);
  if (!(temperature >= 0 && temperature < Number.POSITIVE_INFINITY)) {
    refuse('temperature', temperature, 'a number from 0');
  }
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1 && topK <= vocabularySize)) {
    refuse('topK', topK, `a whole number from 1 to the vocabulary's ${vocabularySize}`);
  }
  if (topP !== undefined && !(topP > 0 && topP <= 1)) refuse('topP', topP, 'a number above 0 and up to 1');
}
