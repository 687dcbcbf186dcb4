/**
 * A query and its response as a language model reads them, one row a token: what it has seen, which token comes, and
 * what it expected. For an assistant in training a row is a term of the loss, for a policy it is an action.
 */
import { tf } from '../../engine/tensorflow';
import { InputError } from '../../errors/inputError';
import { actionLogProbs } from '../../models/categorical';
import type { GptPolicy } from '../../models/gptPolicy';
import { encodeSequence } from '../../models/sequences';
import { specialTokens, type Tokenizer } from '../../models/tokenizer';

export interface TokenStep {
  /** Counts from 1: how many tokens are seen before this one. */
  readonly seen: number;
  /** The text so far, the separator between query and response included. */
  readonly state: string;
  readonly token: string;
  /** log π(token | state), as the library computes it in float32, in nats. */
  readonly log_prob: number;
  /** Whether the token is the response's, its end included; else it is the query's. */
  readonly in_response: boolean;
  /** [V] of every token that could follow. */
  readonly logits: readonly number[];
}

/**
 * Every token after the first, which nothing stands before.
 * @throws InputError for a text with a token that the tokenizer does not know
 */
export async function tokenSteps(
  { config, logits }: Pick<GptPolicy, 'config' | 'logits'>,
  tokenizer: Tokenizer,
  query: string,
  response: string,
): Promise<TokenStep[]> {
  const { ids, responseStart } = encodeSequence(tokenizer, query, response);
  if (ids.length - 1 > config.contextLength) {
    throw new InputError(
      `"${query}" with "${response}" has ${ids.length - 1} tokens to read; the model's context holds ${config.contextLength}.`,
    );
  }
  const [all, chosen] = tf.tidy(() => {
    const states = {
      ids: tf.tensor2d([ids.slice(0, -1)], undefined, 'int32'),
      starts: tf.tensor1d([0], 'int32'),
    };
    const next = logits(states, ids.length - 1);
    const actions = tf.tensor2d([ids.slice(1)], undefined, 'int32');
    return [next, actionLogProbs(next, actions)] as [tf.Tensor3D, tf.Tensor2D];
  });
  const [[rows], [logProbs]] = await Promise.all([all.array(), chosen.array()]);
  tf.dispose([all, chosen]);
  return rows!.map((row, i) => ({
    seen: i + 1,
    state: stateText(tokenizer, ids.slice(0, i + 1)),
    token: tokenizer.vocabulary[ids[i + 1]!]!,
    log_prob: logProbs![i]!,
    in_response: i + 1 >= responseStart,
    logits: row,
  }));
}

/** The tokens as text, with the separator in its place. */
function stateText(tokenizer: Tokenizer, ids: readonly number[]): string {
  const { separator } = specialTokens;
  const at = ids.indexOf(separator);
  if (at < 0) return tokenizer.decode(ids);
  const [query, response] = [ids.slice(0, at), ids.slice(at + 1)].map((part) => tokenizer.decode(part));
  return [query, tokenizer.vocabulary[separator], response].filter(Boolean).join(' ');
}
