/** Sampling responses from a language model, with each prompt computed once for all responses to it. */
import { compiledOnce, compileEvaluation } from '../engine/compile';
import { decodeResponses } from '../engine/kernels/decodeResponses';
import { fused } from '../engine/kernels/fused';
import type { tf } from '../engine/tensorflow';
import { refuse, requireCount } from '../errors/inputError';
import type { DrawingOptions } from './drawTokens';
import { type GptConfig, gptLogits, gptPacked, requireContext } from './gpt';
import { type GptPolicy, gptPolicySpecification } from './gptPolicy';
import { type ParameterLookup, unpack } from './parameters';
import { sampleTokenByToken } from './tokenByToken';

export interface SamplingOptions extends DrawingOptions {
  /** T, the longest response. */
  readonly maxTokens: number;
  /** The token that ends a response. */
  readonly stopToken: number;
}

export type Prompts = {
  /** [Q, P] int32, padded on the left */
  readonly ids: tf.Tensor2D;
  /** [Q] int32: each row's first real token */
  readonly starts: tf.Tensor1D;
};

export type SampledResponses = {
  /** [B, T] int32, padding after the stop token */
  readonly tokens: tf.Tensor2D;
  /** [B, T] 1 on each token up to and including the stop token */
  readonly mask: tf.Tensor2D;
  /**
   * [B, T] log π of each token in nats, 0 after the stop token: of the whole distribution at the temperature (at 1
   * where it is 0), before top-k and top-p cut it.
   */
  readonly logProbs: tf.Tensor2D;
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
  check(options, policy.config, prompts.ids.shape[1]);
  if (!fused()) return sampleTokenByToken(policy, prompts, noise, options);
  const sample = compiledOnce(policy, `sampling ${JSON.stringify(options)}`, () =>
    compileEvaluation((given: Prompts, uniform: tf.Tensor2D) => sampleFused(policy, given, uniform, options)),
  );
  return sample({ ids: prompts.ids, starts: prompts.starts }, noise);
}

function sampleFused(
  policy: GptPolicy,
  prompts: Prompts,
  noise: tf.Tensor2D,
  { maxTokens, temperature, topK, topP = 1, stopToken }: SamplingOptions,
): SampledResponses {
  const { config, parameters } = policy;
  const parameter = unpack(parameters);
  const { logits, queryKeyValue } = promptPass(policy, parameter, prompts);
  const weights = Object.keys(gptPolicySpecification(config)).map(parameter);
  return decodeResponses(
    {
      promptLogits: logits,
      noise: noise.slice([0, 0], [noise.shape[0], maxTokens]),
      starts: prompts.starts,
      promptQkv: queryKeyValue,
      weights,
    },
    { heads: config.heads, temperature, topK: topK ?? config.vocabularySize, topP, stopToken },
  );
}

/** What the prompts leave for their responses: logits of the first token [Q, V], and queries, keys and values. */
export function promptPass({ config }: GptPolicy, parameter: ParameterLookup, { ids, starts }: Prompts) {
  const [prompts, length] = ids.shape;
  const { hidden, queryKeyValue } = gptPacked(parameter, config, { ids, starts });
  const last = hidden
    .reshape([prompts, length, config.width])
    .slice([0, length - 1, 0], [prompts, 1, config.width]);
  return { logits: gptLogits(parameter, config, last.reshape([prompts, config.width])), queryKeyValue };
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
