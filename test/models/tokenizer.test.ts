import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTokenizer, specialTokens } from '../../lib/models/tokenizer';

const corpus = ['What is 2+2?', '2+2 is 4', "I don't know", 'far: 12, near!'];

describe('words', () => {
  const tokenizer = createTokenizer(corpus, 'words');

  it('takes the pieces between spaces, as the article does', () => {
    expect(tokenizer.split('2+2 is 4')).toEqual(['2+2', 'is', '4']);
    expect(tokenizer.encode('2+2 is 4')).toHaveLength(3);
  });

  it.each(corpus)('gives "%s" back', (text) => {
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  it('names an unknown token and its text', () => {
    expect(() => tokenizer.encode('2+2 is 5')).toThrow('"5" in "2+2 is 5" is not in the vocabulary');
  });

  it('refuses a corpus with the name of a special token', () => {
    expect(() => createTokenizer(['a <end> b'], 'words')).toThrow('"<end>"');
  });
});

describe('symbols', () => {
  const tokenizer = createTokenizer(corpus, 'symbols');

  it('makes numbers, words and signs tokens of their own', () => {
    expect(tokenizer.split("What's 12+3?")).toEqual(["What's", '12', '+', '3', '?']);
  });

  it.each(corpus)('gives "%s" back', (text) => {
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  it('reads what it writes: encode(decode(ids)) = ids', () => {
    const ordinary = fc.integer({ min: 3, max: tokenizer.vocabulary.length - 1 });
    fc.assert(
      fc.property(fc.array(ordinary), (ids) => {
        // two words or numbers in a row stay apart by a space, so any order of tokens can be told again
        expect(tokenizer.encode(tokenizer.decode(ids))).toEqual(ids);
      }),
    );
  });
});

it('gives the same numbers whatever the order of the corpus', () => {
  const backwards = createTokenizer([...corpus].reverse(), 'symbols');
  expect(backwards.vocabulary).toEqual(createTokenizer(corpus, 'symbols').vocabulary);
});

it('leaves special tokens out of texts, and refuses numbers that are no tokens', () => {
  const { encode, decode, vocabulary } = createTokenizer(corpus, 'words');
  const { padding, separator, end } = specialTokens;
  expect(decode([separator, ...encode('2+2 is 4'), end, padding])).toBe('2+2 is 4');
  expect(() => decode([vocabulary.length])).toThrow(`${vocabulary.length} is not a token`);
});
