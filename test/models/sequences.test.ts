import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { encodeSequence, leftPad, longest, padSequences } from '../../lib/models/sequences';
import { createTokenizer } from '../../lib/models/tokenizer';

const tokenizer = createTokenizer(['What is 2+2?', '2+2 is 4'], 'words');
// the special tokens are 0 to 2, then come 2+2, 2+2?, 4, What, is
const question = encodeSequence(tokenizer, 'What is 2+2?', '2+2 is 4');
const short = encodeSequence(tokenizer, '2+2?', '4');
const empty = encodeSequence(tokenizer, 'What', '');

const prompts = fc.array(fc.array(fc.integer({ min: 3, max: 99 }), { minLength: 1, maxLength: 6 }), {
  minLength: 1,
  maxLength: 4,
});

describe('encodeSequence', () => {
  it('writes query, separator, response and end', () => {
    expect(question).toEqual({ ids: [6, 7, 4, 1, 3, 7, 5, 2], responseStart: 4, responseLength: 3 });
    expect(short).toEqual({ ids: [4, 1, 5, 2], responseStart: 2, responseLength: 1 });
  });

  it('ends an empty response at once', () => {
    expect(empty).toEqual({ ids: [6, 1, 2], responseStart: 2, responseLength: 0 });
  });
});

describe('padSequences', () => {
  const padded = (length: number) =>
    tf.tidy(() => padSequences([short, question, empty], length).arraySync());

  it('pads on the right', () => {
    expect(padded(longest([short, question, empty]))).toEqual([
      [4, 1, 5, 2, 0, 0, 0, 0],
      [6, 7, 4, 1, 3, 7, 5, 2],
      [6, 1, 2, 0, 0, 0, 0, 0],
    ]);
    expect(padded(10)[1]).toEqual([6, 7, 4, 1, 3, 7, 5, 2, 0, 0]);
  });

  it('is of whole numbers, and refuses a longer sequence', () => {
    expect(tf.tidy(() => padSequences([short], 4).dtype as string)).toBe('int32');
    expect(() => padded(7)).toThrow('a sequence has 8 tokens; at most 7 are expected.');
  });

  it('has no length where there are no sequences', () => {
    expect(longest([])).toBe(0);
  });
});

describe('leftPad', () => {
  it('pads on the left, and tells where each prompt begins', () => {
    tf.tidy(() => {
      const { ids, starts } = leftPad([[6, 7, 4], [5], []], 4);
      expect(ids.arraySync()).toEqual([
        [0, 6, 7, 4],
        [0, 0, 0, 5],
        [0, 0, 0, 0],
      ]);
      expect(starts.arraySync()).toEqual([1, 3, 4]);
      expect([ids.dtype, starts.dtype]).toEqual(['int32', 'int32']);
    });
  });

  it('ends each row with its prompt, from its start on, with nothing but padding before', () => {
    fc.assert(
      fc.property(prompts, fc.nat({ max: 3 }), (rows, more) => {
        const length = Math.max(...rows.map((row) => row.length)) + more;
        const [ids, starts] = tf.tidy(() => {
          const padded = leftPad(rows, length);
          return [padded.ids.arraySync(), padded.starts.arraySync()];
        });
        expect(ids.map((row, b) => row.slice(starts[b]))).toEqual(rows);
        expect(ids.every((row, b) => row.slice(0, starts[b]).every((id) => id === 0))).toBe(true);
        expect(ids.every((row) => row.length === length)).toBe(true);
      }),
    );
  });

  it('refuses a longer prompt', () => {
    expect(() => leftPad([[3], [3, 4, 5]], 2)).toThrow('a prompt has 3 tokens; at most 2 are expected.');
  });
});
