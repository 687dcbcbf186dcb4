import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../lib/errors/inputError';
import { createTokenizer, type Splitting, specialTokens, tokenizerOf } from '../../lib/models/tokenizer';

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
    expect(() => tokenizer.encode('2+2 is 5')).toThrow(
      new InputError('"5" in "2+2 is 5" is not in the vocabulary of 14 tokens.'),
    );
  });

  it('refuses a corpus with the name of a special token', () => {
    expect(() => createTokenizer(['a <end> b'], 'words')).toThrow(
      new InputError('the corpus contains "<end>", which is the name of a special token.'),
    );
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

describe('characters', () => {
  it('takes each code point, spaces and line ends too', () => {
    const tokenizer = createTokenizer(['2 +\n🙂'], 'characters');
    expect(tokenizer.split('2 +\n🙂')).toEqual(['2', ' ', '+', '\n', '🙂']);
    expect(tokenizer.vocabulary.slice(3)).toEqual(['\n', ' ', '+', '2', '🙂']);
  });

  it('gives back any text of characters that the corpus has', () => {
    const texts = fc.array(fc.string({ unit: 'binary', minLength: 1 }), { minLength: 1 });
    fc.assert(
      fc.property(
        texts.chain((known) => fc.tuple(fc.constant(known), fc.array(fc.constantFrom(...known)))),
        ([known, picked]) => {
          const tokenizer = createTokenizer(known, 'characters');
          const text = picked.join('');
          const ids = tokenizer.encode(text);
          expect(tokenizer.decode(ids)).toBe(text);
          expect(ids).toHaveLength([...text].length);
          expect(Math.min(...ids, 3)).toBe(3);
        },
      ),
    );
  });

  it('names an unknown character and its text', () => {
    const tokenizer = createTokenizer(corpus, 'characters');
    expect(() => tokenizer.encode('2+2=4')).toThrow(
      new InputError(`"=" in "2+2=4" is not in the vocabulary of ${tokenizer.vocabulary.length} tokens.`),
    );
  });

  it('takes the name of a special token for what it is made of', () => {
    const tokenizer = createTokenizer(['<end>'], 'characters');
    expect(tokenizer.decode(tokenizer.encode('<end>'))).toBe('<end>');
    expect(tokenizer.encode('<end>')).toHaveLength(5);
  });
});

describe('the tokenizer of a vocabulary', () => {
  const special = ['<padding>', '<separator>', '<end>'];

  it.each<Splitting>(['words', 'symbols', 'characters'])('is that of the corpus: %s', (splitting) => {
    const made = createTokenizer(corpus, splitting);
    const again = tokenizerOf(made.vocabulary, splitting);
    expect(made.splitting).toBe(splitting);
    expect(again.splitting).toBe(splitting);
    for (const text of corpus) {
      expect(again.encode(text)).toEqual(made.encode(text));
      expect(again.decode(again.encode(text))).toBe(text);
    }
  });

  it.each<[string, readonly string[], string]>([
    ['lines', special, 'the splitting is "lines"; expected one of words, symbols, characters.'],
    [
      'words',
      ['<padding>', '<end>'],
      'token 1 of the vocabulary is "<end>"; expected the special token "<separator>".',
    ],
    [
      'words',
      ['<padding>', '<separator>'],
      'token 2 of the vocabulary is missing; expected the special token "<end>".',
    ],
    ['words', [...special, 'a', 'b', 'a'], 'the vocabulary has "a" twice: as token 3 and as token 5.'],
  ])('of %s from %j is refused', (splitting, vocabulary, message) => {
    expect(() => tokenizerOf(vocabulary, splitting as Splitting)).toThrow(new InputError(message));
  });

  it('of a corpus is refused for an unknown splitting too', () => {
    expect(() => createTokenizer(corpus, 'lines' as Splitting)).toThrow(
      new InputError('the splitting is "lines"; expected one of words, symbols, characters.'),
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
