import { describe, expect, it } from 'vitest';
import { scoreEach } from '../../lib/tasks/rewards/scoreEach';

const completion = { query: 'What is 2+3?', response: '2+3 is 5', tokens: 6, ended: true };

describe('scoreEach', () => {
  it('scores each completion by itself, in their order', () => {
    const reward = scoreEach('short', ({ tokens }) => -tokens);
    expect(reward.name).toBe('short');
    expect(reward.score([completion, { ...completion, tokens: 2 }])).toEqual([-6, -2]);
  });

  it.each([
    ['NaN', () => Number.NaN, 'NaN'],
    ['an infinity', () => Number.POSITIVE_INFINITY, 'Infinity'],
    ['nothing', () => undefined, 'undefined'],
    ['a truth value', () => true, 'true'],
    ['text', () => '5', 'the text "5"'],
    ['a promise', () => Promise.resolve(1), 'a promise'],
    ['an object', () => ({ score: 1 }), 'an object'],
  ])('tells in one sentence that it gave %s', (_, score, described) => {
    expect(() => scoreEach('mine', score as () => number).score([completion])).toThrow(
      `the reward "mine" gave ${described} for "2+3 is 5" to "What is 2+3?"; expected a finite number.`,
    );
  });

  it('tells in one sentence where it failed', () => {
    const fails = scoreEach('mine', ({ response }) => response.match(/\d/g)![9]!.length);
    expect(() => fails.score([completion])).toThrow(
      /^the reward "mine" failed at "2\+3 is 5" to "What is 2\+3\?": Cannot read properties of undefined/,
    );
  });
});
