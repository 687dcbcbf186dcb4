import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { seededRandom } from '../../lib/math/random';
import { sigmoid } from '../../lib/math/statistics';
import { annotate, noiseCeiling } from '../../lib/tasks/annotators';
import { type ResponseKind, rankAdditions, responseKinds } from '../../lib/tasks/arithmetic';
import { parseRankings, type Ranking } from '../../lib/tasks/rankings';

it('puts the better of two first as often as Bradley and Terry say', () => {
  const random = seededRandom(1);
  const qualities = [0.2, 0.35, 0.3];
  const temperature = 0.1;
  const trials = 20_000;
  let first = 0;
  for (let i = 0; i < trials; i++) {
    const ranks = annotate(qualities, temperature, random);
    expect([...ranks].sort()).toEqual([1, 2, 3]);
    if (ranks[1]! < ranks[0]!) first += 1;
  }
  // a share of 20,000 has a standard error below 0.0035; the third response makes no difference
  expect(Math.abs(first / trials - sigmoid(0.15 / temperature))).toBeLessThan(0.014);
});

it('computes the ceiling of a ranking by hand', () => {
  const ranking: Ranking = {
    query: 'q',
    responses: ['a', 'b', 'c'],
    ranks: [2, 1, 3],
    qualities: [1, 0.8, 0],
    temperature: 0.2,
  };
  const { pairs, ceiling, agreement } = noiseCeiling([ranking]);
  expect(pairs).toBe(3);
  expect(ceiling).toBeCloseTo((sigmoid(1) + sigmoid(5) + sigmoid(4)) / 3, 12);
  expect(agreement).toBeCloseTo(2 / 3, 12);
});

it('expects about the agreement that the annotators show', () => {
  const settings = { largest: 9, annotators: 4, responses: 5, temperature: 0.2 };
  const { ceiling, agreement, standardError } = noiseCeiling(rankAdditions(settings, seededRandom(2)));
  expect(standardError).toBeLessThan(0.01);
  expect(Math.abs(ceiling - agreement)).toBeLessThan(4 * standardError);
});

it('says which ranking does not know its noise', () => {
  const ranking = { query: 'q', responses: ['a', 'b'], ranks: [1, 2] };
  expect(() => noiseCeiling([ranking])).toThrow('the ranking of "q" has no qualities or no temperature');
});

const settings = { largest: 15, annotators: 5, responses: 6, temperature: 0.1 };

it('writes responses that are what their kind says', () => {
  for (const { query, responses, kinds, qualities } of rankAdditions(settings, seededRandom(3))) {
    const [a, b] = query.match(/\d+/g)!.map(Number) as [number, number];
    expect(new Set(kinds).size).toBe(6);
    kinds!.forEach((kind, i) => {
      expect(qualities![i]).toBe(responseKinds[kind as ResponseKind]);
      const numbers = responses[i]!.match(/\d+/g)?.map(Number) ?? [];
      const error = Math.abs((numbers.at(-1) ?? Number.NaN) - a - b);
      if (kind.startsWith('right')) expect(error).toBe(0);
      else if (kind.startsWith('near')) expect([3, 4]).toContain(error);
      else if (kind.startsWith('far')) expect([9, 10, 11, 12, 13]).toContain(error);
      else expect(numbers).toEqual([]);
    });
  }
});

it('is what data/rankings.jsonl was made with', () => {
  const text = readFileSync('data/rankings.jsonl', 'utf8');
  expect(parseRankings(text, 'data/rankings.jsonl')).toEqual(
    rankAdditions(settings, seededRandom(1).split('rankings')),
  );
});
