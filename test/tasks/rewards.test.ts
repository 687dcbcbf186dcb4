import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../lib/errors/inputError';
import { additionAnswer } from '../../lib/tasks/arithmetic';
import { type Completion, combineRewards, type Reward } from '../../lib/tasks/reward';
import { correctAnswer } from '../../lib/tasks/rewards/correctAnswer';
import { format } from '../../lib/tasks/rewards/format';
import { length } from '../../lib/tasks/rewards/length';

const completion = (response: string, tokens = 3, query = 'What is 2+2?'): Completion => ({
  query,
  response,
  tokens,
  ended: true,
});

const sum = correctAnswer((query) => String(additionAnswer(query)));

describe('correctAnswer', () => {
  it('scores the final answer of each response to its own query', async () => {
    expect(sum.name).toBe('correct');
    const completions = [
      completion('2+2 is 4'),
      completion('4'),
      completion('2+2 is 5'),
      completion('4, no, 5'),
      completion('I do not know'),
      completion('3+4 is 7', 3, 'What is 3+4?'),
      completion('2+2 is 4', 3, 'What is 3+4?'),
    ];
    expect(await sum.score(completions)).toEqual([1, 1, 0, 0, 0, 1, 0]);
  });

  it('reads the answer of a worked reference', async () => {
    const half = correctAnswer(() => String.raw`Of 6 apples 3 are red: $\boxed{\frac{1}{2}}$ of all 6.`);
    expect(await half.score([completion('#### 0.5'), completion('#### 6')])).toEqual([1, 0]);
  });

  it('compares texts where the reference is no number', async () => {
    const formula = correctAnswer(() => String.raw`\boxed{x + 1}`);
    const responses = [String.raw`\boxed{x+1}`, String.raw`\boxed{1}`, 'so 1'];
    expect(await formula.score(responses.map((response) => completion(response)))).toEqual([1, 0, 0]);
  });

  it('names the query whose reference has no answer', () => {
    const blank = correctAnswer(() => 'see the book');
    expect(() => blank.score([completion('4')])).toThrow(InputError);
    expect(() => blank.score([completion('4')])).toThrow(
      'the reference to "What is 2+2?" is "see the book"; expected a number or a marked answer.',
    );
  });
});

describe('format', () => {
  const scores = (pattern: RegExp, responses: readonly string[]) =>
    format(pattern).score(responses.map((response) => completion(response)));

  it('wants the pattern to match the whole response', async () => {
    expect(await scores(/\d+\+\d+ is \d+/, ['2+2 is 4', '2+2 is 4.', 'So 2+2 is 4', ''])).toEqual([
      1, 0, 0, 0,
    ]);
    // the shorter alternative comes first, but only the longer one is whole
    expect(await scores(/a|ab/, ['a', 'ab', 'abc'])).toEqual([1, 1, 0]);
  });

  it('takes one line of several for the whole under no flag', async () => {
    expect(await scores(/^b$/m, ['b', 'a\nb', 'b\na'])).toEqual([1, 0, 0]);
  });

  it.each(['g', 'y', 'gy'])('scores equal responses equally under the flags %s', async (flags) => {
    const pattern = new RegExp('a+', flags);
    pattern.lastIndex = 2;
    expect(await scores(pattern, ['aaa', 'aaa', 'aaa'])).toEqual([1, 1, 1]);
    expect(pattern.lastIndex).toBe(2);
  });

  it('keeps the other flags', async () => {
    expect(await scores(/yes/i, ['YES'])).toEqual([1]);
    expect(await scores(/a.b/s, ['a\nb'])).toEqual([1]);
  });

  it('has a name of its own where given one', () => {
    expect([format(/a/).name, format(/a/, 'one word').name]).toEqual(['format', 'one word']);
  });
});

describe('length', () => {
  const lengthScores = (limits: Parameters<typeof length>[0], tokens: readonly number[]) =>
    length(limits).score(tokens.map((count) => completion('', count)));

  it('falls from 0 to −1 over the buffer', async () => {
    expect(length({ maxTokens: 10, buffer: 4 }).name).toBe('length');
    expect(await lengthScores({ maxTokens: 10, buffer: 4 }, [0, 6, 7, 8, 9, 10, 11, 1000])).toEqual([
      0, 0, -0.25, -0.5, -0.75, -1, -1, -1,
    ]);
  });

  it('begins with the first token where the buffer is everything', async () => {
    expect(await lengthScores({ maxTokens: 2, buffer: 2 }, [0, 1, 2])).toEqual([0, -0.5, -1]);
  });

  it('never rises with the length, and stays between −1 and 0', () => {
    const limits = fc
      .integer({ min: 1, max: 50 })
      .chain((maxTokens) =>
        fc.record({ maxTokens: fc.constant(maxTokens), buffer: fc.integer({ min: 1, max: maxTokens }) }),
      );
    fc.assert(
      fc.asyncProperty(limits, fc.nat(60), async (given, tokens) => {
        const [shorter, longer] = await lengthScores(given, [tokens, tokens + 1]);
        expect(longer).toBeLessThanOrEqual(shorter!);
        expect(longer).toBeGreaterThanOrEqual(-1);
        expect(shorter).toBeLessThanOrEqual(0);
      }),
    );
  });

  it.each([0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d tokens at most', (maxTokens) => {
    expect(() => length({ maxTokens, buffer: 1 })).toThrow(InputError);
    expect(() => length({ maxTokens, buffer: 1 })).toThrow(
      `maxTokens is ${maxTokens}; expected a whole number`,
    );
  });

  it.each([0, -1, 1.5, 9, Number.NaN])('refuses a buffer of %d in 8 tokens', (buffer) => {
    expect(() => length({ maxTokens: 8, buffer })).toThrow(InputError);
    expect(() => length({ maxTokens: 8, buffer })).toThrow(
      `buffer is ${buffer}; expected a whole number from 1 to maxTokens, 8.`,
    );
  });
});

describe('combineRewards', () => {
  const constant = (name: string, scores: readonly number[]): Reward => ({ name, score: () => scores });

  it('adds the weighted scores, and logs each by name without its weight', async () => {
    const combined = combineRewards([
      { reward: sum, weight: 1 },
      { reward: format(/\d+\+\d+ is \d+/), weight: 0.25 },
      { reward: length({ maxTokens: 8, buffer: 4 }), weight: 0.5 },
    ]);
    const { total, scores } = await combined.score([
      completion('2+2 is 4', 4),
      completion('2+2 is 5', 4),
      completion('4', 6),
      completion('I do not know', 9),
    ]);
    // sums of a few powers of two are exact
    expect(total).toEqual([1.25, 0.25, 0.75, -0.5]);
    expect(scores).toEqual([
      { correct: 1, format: 1, length: 0 },
      { correct: 0, format: 1, length: 0 },
      { correct: 1, format: 0, length: -0.5 },
      { correct: 0, format: 0, length: -1 },
    ]);
  });

  it('waits for a reward model', async () => {
    const model: Reward = { name: 'model', score: async (completions) => completions.map(() => 0.8) };
    const combined = combineRewards([{ reward: model, weight: 1 }]);
    expect(await combined.score([completion('4')])).toEqual({ total: [0.8], scores: [{ model: 0.8 }] });
  });

  it('refuses to combine nothing', () => {
    expect(() => combineRewards([])).toThrow(InputError);
    expect(() => combineRewards([])).toThrow('there are no rewards to combine; expected at least one.');
  });

  it('refuses two rewards of one name', () => {
    const parts = [format(/a/), sum, format(/b/)].map((reward) => ({ reward, weight: 1 }));
    expect(() => combineRewards(parts)).toThrow(InputError);
    expect(() => combineRewards(parts)).toThrow('two rewards are named "format"');
  });

  it.each([[[]], [[1, 2]]])('refuses the scores %j for one response', async (given) => {
    const score = combineRewards([{ reward: constant('few', given), weight: 1 }]).score([completion('4')]);
    await expect(score).rejects.toThrow(
      new InputError(`the reward "few" gave ${given.length} scores for 1 responses.`),
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses a score of %d', async (value) => {
    const score = combineRewards([{ reward: constant('wild', [1, value]), weight: 1 }]).score([
      completion('4'),
      completion('5'),
    ]);
    await expect(score).rejects.toThrow(InputError);
    await expect(score).rejects.toThrow(
      `the reward "wild" scored "5" to "What is 2+2?" with ${value}; expected a finite number.`,
    );
  });
});
