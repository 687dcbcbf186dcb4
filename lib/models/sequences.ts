/**
 * A query and its response as one row of token numbers: query, separator, response, end, padding on the right.
 */
import { tf } from '../engine/tensorflow';
import { specialTokens, type Tokenizer } from './tokenizer';

export interface Sequence {
  /** Token numbers without padding. */
  readonly ids: readonly number[];
  /** Where the response's first token stands. */
  readonly responseStart: number;
  /** The response's tokens, without the end. */
  readonly responseLength: number;
}

export function encodeSequence(tokenizer: Tokenizer, query: string, response: string): Sequence {
  const prompt = [...tokenizer.encode(query), specialTokens.separator];
  const answer = tokenizer.encode(response);
  return {
    ids: [...prompt, ...answer, specialTokens.end],
    responseStart: prompt.length,
    responseLength: answer.length,
  };
}

/** The tokens of the longest sequence. */
export function longest(sequences: readonly Sequence[]): number {
  return sequences.reduce((length, { ids }) => Math.max(length, ids.length), 0);
}

/** [B, length] token numbers, int32, padded on the right. */
export function padSequences(sequences: readonly Sequence[], length: number): tf.Tensor2D {
  const ids = new Int32Array(sequences.length * length).fill(specialTokens.padding);
  sequences.forEach((sequence, row) => {
    if (sequence.ids.length > length) {
      throw new Error(`a sequence has ${sequence.ids.length} tokens; at most ${length} are expected.`);
    }
    ids.set(sequence.ids, row * length);
  });
  return tf.tensor2d(ids, [sequences.length, length], 'int32');
}

/** Prompts of different lengths, padded on the left to one: [B, length] int32, and where each begins, [B] int32. */
export function leftPad(
  prompts: readonly (readonly number[])[],
  length: number,
): { readonly ids: tf.Tensor2D; readonly starts: tf.Tensor1D } {
  const ids = new Int32Array(prompts.length * length).fill(specialTokens.padding);
  const starts = prompts.map((prompt, row) => {
    if (prompt.length > length) {
      throw new Error(`a prompt has ${prompt.length} tokens; at most ${length} are expected.`);
    }
    ids.set(prompt, (row + 1) * length - prompt.length);
    return length - prompt.length;
  });
  return { ids: tf.tensor2d(ids, [prompts.length, length], 'int32'), starts: tf.tensor1d(starts, 'int32') };
}
