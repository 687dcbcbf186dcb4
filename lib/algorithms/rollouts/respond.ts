/** Asks a language model: queries in, responses out, as text and as tensors. */
import { tf } from '../../engine/tensorflow';
import { InputError } from '../../errors/inputError';
import type { Random } from '../../math/random';
import type { GptPolicy, TokenStates } from '../../models/gptPolicy';
import { type SampledResponses, type SamplingOptions, sampleResponses } from '../../models/sampling';
import { leftPad } from '../../models/sequences';
import { specialTokens, type Tokenizer } from '../../models/tokenizer';
import type { Completion } from '../../tasks/reward';

export interface Responses {
  readonly states: TokenStates;
  /** [B, T] int32 tokens, padding after the end */
  readonly actions: tf.Tensor2D;
  /** [B, T] 1 on each token up to and including the end */
  readonly mask: tf.Tensor2D;
  /** [B, T] of the tokens sampled, in nats; 0 after the end */
  readonly logProbs: tf.Tensor2D;
  readonly completions: readonly Completion[];
  /** The tokens of each response, the end included, as text. */
  readonly tokens: readonly (readonly string[])[];
}

/** What a query becomes: its tokens and the separator, after which the response begins. */
export function promptOf(tokenizer: Tokenizer, query: string): number[] {
  return [...tokenizer.encode(query), specialTokens.separator];
}

/**
 * Samples one response to each query.
 * @param promptLength columns for the prompts, at least as many as the longest has tokens: with the same number each
 *                     time, each batch has the same shape
 * @throws             for a tokenizer of another vocabulary than the policy's, for prompts and responses that do not fit
 *                     its context, and for a query with a token that the tokenizer does not know
 */
export async function respond(
  policy: GptPolicy,
  tokenizer: Tokenizer,
  queries: readonly string[],
  promptLength: number,
  options: Omit<SamplingOptions, 'stopToken'>,
  random: Random,
): Promise<Responses> {
  const { maxTokens } = options;
  checkFit(policy, tokenizer, promptLength, maxTokens);
  const prompts = leftPad(
    queries.map((query) => promptOf(tokenizer, query)),
    promptLength,
  );
  const uniforms = Float32Array.from({ length: queries.length * maxTokens }, () => random.uniform());
  const noise = tf.tensor2d(uniforms, [queries.length, maxTokens]);
  let sampled: SampledResponses;
  try {
    sampled = await sampleResponses(policy, prompts, noise, { ...options, stopToken: specialTokens.end });
  } catch (error) {
    tf.dispose([prompts.ids, prompts.starts]);
    throw error;
  } finally {
    noise.dispose();
  }
  const { tokens: actions, mask, logProbs } = sampled;
  const seen = tf.tidy(() =>
    tf.concat([prompts.ids, actions.slice([0, 0], [queries.length, maxTokens - 1])], 1),
  );
  prompts.ids.dispose();

  const ids = await actions.data();
  const taken = await mask.data();
  const rows = queries.map((_, b) => {
    const row = ids.subarray(b * maxTokens, (b + 1) * maxTokens);
    return Array.from(row.filter((_, t) => taken[b * maxTokens + t] === 1));
  });
  return {
    states: { ids: seen, starts: prompts.starts },
    actions,
    mask,
    logProbs,
    tokens: rows.map((row) => row.map((id) => tokenizer.vocabulary[id]!)),
    completions: queries.map((query, b) => ({
      query,
      response: tokenizer.decode(rows[b]!),
      tokens: rows[b]!.length,
      ended: rows[b]!.at(-1) === specialTokens.end,
    })),
  };
}

/** Without it, token numbers would mean something else, or training would fail at the first long response. */
function checkFit(
  { config: { vocabularySize, contextLength } }: GptPolicy,
  { vocabulary }: Tokenizer,
  promptLength: number,
  maxTokens: number,
): void {
  if (vocabulary.length !== vocabularySize) {
    throw new InputError(
      `the tokenizer has ${vocabulary.length} tokens and the policy ${vocabularySize}; expected the same vocabulary.`,
    );
  }
  // the last token of a response is never read
  if (promptLength + maxTokens - 1 > contextLength) {
    throw new InputError(
      `prompts of ${promptLength} tokens with responses of ${maxTokens} do not fit the policy's context of ${contextLength}.`,
    );
  }
}
