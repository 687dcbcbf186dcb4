/**
 * Text to token numbers and back.
 *
 * `words` takes the pieces between spaces as tokens, as in the article: "2+2 is 4" is "2+2", "is", "4".
 * `symbols` makes each number, each word and each sign a token: "2", "+", "2", "is", "4"; a model can then learn
 * what 2 means in one question and use it in another. `characters` takes each Unicode code point, spaces included, so
 * that any text comes back as it was. All build their vocabulary from a corpus.
 */
import { InputError } from '../errors/inputError';

export type Splitting = 'words' | 'symbols' | 'characters';

export interface Tokenizer {
  readonly splitting: Splitting;
  /** The token of each number; the special tokens come first. */
  readonly vocabulary: readonly string[];
  /** The tokens of a text, as strings. */
  split(text: string): string[];
  /** The numbers of a text's tokens; a token that the corpus did not have is an error that names it. */
  encode(text: string): number[];
  /** The text of token numbers, without special tokens. `decode(encode(text))` is `text`, with spaces in their usual places. */
  decode(ids: Iterable<number>): string;
}

/** Numbers of the special tokens in every vocabulary. */
export const specialTokens = { padding: 0, separator: 1, end: 2 } as const;
const specialNames = ['<padding>', '<separator>', '<end>'];

function splitWords(text: string): string[] {
  return text.split(/\s+/u).filter((word) => word !== '');
}

function splitSymbols(text: string): string[] {
  return text.match(/\p{N}+|[\p{L}\p{M}'’]+|[^\s\p{N}\p{L}\p{M}'’]/gu) ?? [];
}

/** Operators stand without spaces (2+2), and closing punctuation follows its word (4.). */
function joinSymbols(tokens: readonly string[]): string {
  return tokens
    .join(' ')
    .replace(/ ([+\-−×÷*/=]) /gu, '$1')
    .replace(/ ([.,;:?!])/gu, '$1');
}

const splittings: Readonly<
  Record<Splitting, { split(text: string): string[]; join(tokens: readonly string[]): string }>
> = {
  words: { split: splitWords, join: (tokens) => tokens.join(' ') },
  symbols: { split: splitSymbols, join: joinSymbols },
  characters: { split: (text) => [...text], join: (tokens) => tokens.join('') },
};

function splittingNamed(name: Splitting) {
  if (Object.hasOwn(splittings, name)) return splittings[name];
  throw new InputError(`the splitting is "${name}"; expected one of ${Object.keys(splittings).join(', ')}.`);
}

/** The tokenizer of a corpus: its tokens, sorted, after the special ones. */
export function createTokenizer(corpus: Iterable<string>, splitting: Splitting): Tokenizer {
  const { split } = splittingNamed(splitting);
  const found = new Set<string>();
  for (const text of corpus) for (const token of split(text)) found.add(token);
  const reserved = specialNames.find((name) => found.has(name));
  if (reserved)
    throw new InputError(`the corpus contains "${reserved}", which is the name of a special token.`);
  return tokenizerOf([...specialNames, ...[...found].sort()], splitting);
}

/**
 * The tokenizer of a vocabulary, such as one read from a file.
 * @throws for an unknown splitting, for special tokens that are not where `specialTokens` has them, and for a token
 *         that is there twice
 */
export function tokenizerOf(vocabulary: readonly string[], splitting: Splitting): Tokenizer {
  const { split, join } = splittingNamed(splitting);
  specialNames.forEach((name, id) => {
    if (vocabulary[id] === name) return;
    const found = id < vocabulary.length ? `"${vocabulary[id]}"` : 'missing';
    throw new InputError(`token ${id} of the vocabulary is ${found}; expected the special token "${name}".`);
  });
  const idOf = new Map<string, number>();
  vocabulary.forEach((token, id) => {
    const first = idOf.get(token);
    if (first !== undefined) {
      throw new InputError(`the vocabulary has "${token}" twice: as token ${first} and as token ${id}.`);
    }
    idOf.set(token, id);
  });

  function encode(text: string): number[] {
    return split(text).map((token) => {
      const id = idOf.get(token);
      if (id === undefined) {
        throw new InputError(
          `"${token}" in "${text}" is not in the vocabulary of ${vocabulary.length} tokens.`,
        );
      }
      return id;
    });
  }

  function decode(ids: Iterable<number>): string {
    const tokens: string[] = [];
    for (const id of ids) {
      const token = vocabulary[id];
      if (token === undefined)
        throw new Error(`${id} is not a token: the vocabulary has ${vocabulary.length}.`);
      if (id >= specialNames.length) tokens.push(token);
    }
    return join(tokens);
  }

  return { splitting, vocabulary, split, encode, decode };
}
