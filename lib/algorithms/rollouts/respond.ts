/** Asks a language model: queries in, responses out, as text and as tensors. */
import { tf } from '../../engine/tensorflow';
import { InputError } from '../../errors/inputError';
import type { Random } from '../../math/random';
import { repeated } from '../../models/gpt';
import type { GptPolicy, TokenStates } from '../../models/gptPolicy';
import {
  type Prompts,
  type SampledResponses,
  type SamplingOptions,
  sampleResponses,
} from '../../models/sampling';
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

export interface ResponseOptions extends Omit<SamplingOptions, 'stopToken'> {
  /** Responses to each query, which follow each other; 1 unless said. */
  readonly groupSize?: number;
}

/**
 * Samples responses to queries.
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
  { groupSize = 1, ...options }: ResponseOptions,
  random: Random,
): Promise<Responses> {
  const { maxTokens } = options;
  checkFit(policy, tokenizer, promptLength, maxTokens);
  const prompts = leftPad(
    queries.map((query) => promptOf(tokenizer, query)),
    promptLength,
  );
  const asked = queries.flatMap((query) => new Array<string>(groupSize).fill(query));
  const uniforms = Float32Array.from({ length: asked.length * maxTokens }, () => random.uniform());
  const noise = tf.tensor2d(uniforms, [asked.length, maxTokens]);
  let sampled: SampledResponses;
  try {
    sampled = sampleResponses(policy, prompts, noise, { ...options, stopToken: specialTokens.end });
  } catch (error) {
    tf.dispose([prompts.ids, prompts.starts]);
    throw error;
  } finally {
    noise.dispose();
  }
  const { tokens: actions, mask, logProbs } = sampled;
  const states = statesOf(prompts, actions);

  const ids = await actions.data();
  const taken = await mask.data();
  const rows = asked.map((_, b) => {
    const row = ids.subarray(b * maxTokens, (b + 1) * maxTokens);
    return Array.from(row.filter((_, t) => taken[b * maxTokens + t] === 1));
  });
  return {
    states,
    actions,
    mask,
    logProbs,
    tokens: rows.map((row) => row.map((id) => tokenizer.vocabulary[id]!)),
    completions: asked.map((query, b) => ({
      query,
      response: tokenizer.decode(rows[b]!),
      tokens: rows[b]!.length,
      ended: rows[b]!.at(-1) === specialTokens.end,
    })),
  };
}

/** What was seen before each action; takes the prompts over. */
function statesOf(prompts: Prompts, actions: tf.Tensor2D): TokenStates {
  const [rows, length] = actions.shape;
  const [queries] = prompts.ids.shape;
  if (length > 1) return { ...prompts, responses: tf.tidy(() => actions.slice([0, 0], [rows, length - 1])) };
  // nothing but the prompts was seen: each response then has one to itself
  const states = tf.tidy(() => ({
    ids: repeated(prompts.ids, rows / queries),
    starts: repeated(prompts.starts, rows / queries),
  }));
  tf.dispose([prompts.ids, prompts.starts]);
  return states;
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
