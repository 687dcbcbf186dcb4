/**
 * Sampling responses from a language model, one token after the other, with the keys and values of the tokens so far
 * kept (a KV cache).
 */
import { compiledOnce, compileEvaluation } from '../engine/compile';
import { decodeCache } from '../engine/kernels/decodeAttention';
import { tokenLogProbs } from '../engine/kernels/logProbs';
import { drawTokens, sampleTokens } from '../engine/kernels/sampling';
import { tf } from '../engine/tensorflow';
import { refuse, requireCount } from '../errors/inputError';
import {
  type DecodingPlace,
  type GptConfig,
  gptDecode,
  gptLogits,
  gptPacked,
  repeated,
  requireContext,
} from './gpt';
import type { GptPolicy } from './gptPolicy';
import { unpack } from './parameters';

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
  /** [Q, P] int32, padded on the left */
  readonly ids: tf.Tensor2D;
  /** [Q] int32: each row's first real token */
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

/** One token of each row, [B, 1] each. */
type SampledColumn = {
  readonly token: tf.Tensor2D;
  readonly mask: tf.Tensor2D;
  readonly logProb: tf.Tensor2D;
};

/** What goes from one token to the next. */
type Decoding = {
  readonly column: SampledColumn;
  /** [B, 1] 1 where the response has not ended */
  readonly open: tf.Tensor2D;
  /** 0 when all have ended */
  readonly anyOpen: tf.Scalar;
};

/**
 * Samples responses to prompts: B/Q consecutive ones to each.
 * @param noise [B, T] uniform in [0, 1), one number for each token: the same noise gives the same tokens
 */
export function sampleResponses(
  policy: GptPolicy,
  prompts: Prompts,
  noise: tf.Tensor2D,
  options: SamplingOptions,
): SampledResponses {
  const { layers, width } = policy.config;
  check(options, policy.config, prompts.ids.shape[1]);
  const { maxTokens } = options;
  const [batch] = noise.shape;
  const { begin, goOn } = compiledOnce(policy, `sampling ${JSON.stringify(options)}`, () =>
    compileSampling(policy, options),
  );
  return tf.tidy(() => {
    const noiseAt = (t: number) => noise.slice([0, t], [batch, 1]);
    const { queryKeyValue, ...first } = begin(prompts, noiseAt(0));
    let state: Decoding = first;
    const columns = [state.column];
    const room = { responses: batch, responseLength: maxTokens - 1 };
    let caches = maxTokens > 1 ? Array.from({ length: layers }, () => decodeCache(room, width)) : [];
    for (let t = 1; t < maxTokens && state.anyOpen.dataSync()[0] !== 0; t++) {
      const place = { queryKeyValue, starts: prompts.starts, caches, position: tf.scalar(t - 1, 'int32') };
      const next = goOn(state.column.token, state.open, place, noiseAt(t));
      tf.dispose(caches);
      ({ caches, ...state } = next);
      columns.push(state.column);
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

/** The prompts' pass and first token; and each further one: its graph is the same wherever in a response it stands. */
function compileSampling({ config, parameters }: GptPolicy, options: SamplingOptions) {
  const draw = (logits: tf.Tensor2D, open: tf.Tensor2D, noise: tf.Tensor2D): Decoding => {
    const column = sampleColumn(logits, open, noise, options);
    const stillOpen = column.mask.mul<tf.Tensor2D>(column.token.notEqual(options.stopToken));
    return { column, open: stillOpen, anyOpen: stillOpen.max() };
  };
  const begin = compileEvaluation(
    ({ ids, starts }: { ids: tf.Tensor2D; starts: tf.Tensor1D }, noise: tf.Tensor2D) => {
      const parameter = unpack(parameters);
      const [prompts, length] = ids.shape;
      const [rows] = noise.shape;
      const { hidden, queryKeyValue } = gptPacked(parameter, config, { ids, starts });
      const last = hidden
        .reshape([prompts, length, config.width])
        .slice([0, length - 1, 0], [prompts, 1, config.width]);
      const logits = gptLogits(parameter, config, last.reshape([prompts, config.width]));
      return { queryKeyValue, ...draw(repeated(logits, rows / prompts), tf.ones([rows, 1]), noise) };
    },
  );
  const goOn = compileEvaluation(
    (token: tf.Tensor2D, open: tf.Tensor2D, place: DecodingPlace, noise: tf.Tensor2D) => {
      const parameter = unpack(parameters);
      const { hidden, caches } = gptDecode(parameter, config, token.flatten(), place);
      return { caches, ...draw(gptLogits(parameter, config, hidden), open, noise) };
    },
  );
  return { begin, goOn };
}

function sampleColumn(
  logits: tf.Tensor2D,
  open: tf.Tensor2D,
  noise: tf.Tensor2D,
  options: SamplingOptions,
): SampledColumn {
  const { temperature, topK, topP } = options;
  const { token, logProb } =
    temperature === 0 || (topK === undefined && topP === undefined)
      ? sampleTokens(logits, noise, temperature)
      : sampleTruncated(logits, noise, options);
  return {
    // the number of the padding token is 0
    token: token.mul<tf.Tensor2D>(open.toInt()),
    mask: open,
    logProb: logProb.mul(open),
  };
}

function sampleTruncated(logits: tf.Tensor2D, noise: tf.Tensor2D, options: SamplingOptions) {
  const [batch] = logits.shape;
  const tempered = logits.div<tf.Tensor2D>(options.temperature);
  const token = drawTokens(truncated(tf.softmax(tempered), options), noise);
  const logProb = tokenLogProbs(tempered, token.flatten()).reshape<tf.Tensor2D>([batch, 1]);
  return { token, logProb };
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

function check(
  { maxTokens, temperature, topK, topP }: SamplingOptions,
  { vocabularySize, contextLength }: GptConfig,
  promptLength: number,
): void {
  requireCount('maxTokens', maxTokens);
  // the last token of a response is not fed back
  requireContext(promptLength + maxTokens - 1, contextLength);
  if (!(temperature >= 0 && temperature < Number.POSITIVE_INFINITY)) {
    refuse('temperature', temperature, 'a number from 0');
  }
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1 && topK <= vocabularySize)) {
    refuse('topK', topK, `a whole number from 1 to the vocabulary's ${vocabularySize}`);
  }
  if (topP !== undefined && !(topP > 0 && topP <= 1)) refuse('topP', topP, 'a number above 0 and up to 1');
}
