import { expect, it } from 'vitest';
import { rankSums } from '../../../lib/lessons/rewardModel/sumRankings';
import { seededRandom } from '../../../lib/math/random';

const queries = ['What is 2+3?', 'What is 4+0?'];
const options = { annotators: 3, responses: 4, largest: 10, temperature: 1e-6 };

it('ranks different sums by how near they are, annotator by annotator', () => {
  const rankings = rankSums(queries, options, seededRandom(1));
  expect(rankings.map(({ query }) => query)).toEqual([...queries, ...queries, ...queries]);
  for (const { responses, ranks, qualities } of rankings) {
    expect(new Set(responses).size).toBe(4);
    // without noise a better quality is never put behind
    ranks.forEach((rank, i) => {
      ranks.forEach((other, j) => {
        if (qualities![i]! > qualities![j]!) expect(rank).toBeLessThan(other);
      });
    });
  }
  const right = rankings.find(({ responses }) => responses.includes('2+3 is 5'))!;
  expect(right.qualities![right.responses.indexOf('2+3 is 5')]).toBe(1);
});

it('refuses more sums than there are', () => {
  expect(() => rankSums(queries, { ...options, responses: 12 }, seededRandom(1))).toThrow(
    'responses is 12; expected a number from 2 to 11',
  );
});
