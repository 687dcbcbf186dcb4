import { describe, expect, it } from 'vitest';
import { accuracyRow, kindRows, scoreRows } from '../../../lib/lessons/rewardModel/scoredRankings';
import type { Ranking } from '../../../lib/tasks/rankings';

const ranking: Ranking = {
  query: 'q',
  responses: ['a', 'b', 'c', 'd'],
  ranks: [2, 1, 4, 3],
  kinds: ['good', 'good', 'bad', 'bad'],
  qualities: [0.9, 0.7, 0.1, 0.3],
  temperature: 0.1,
};

it('sets the accuracy beside the ceiling, in points', () => {
  // scores in the order of quality: right but for the annotator's swap of a and b, and they disagree in 1 pair of 6
  const row = accuracyRow('all', [ranking], [[4, 3, 1, 2]]);
  expect(row).toMatchObject({ questions: 'all', rankings: 1, pairs: 6 });
  expect(row.accuracy).toBeCloseTo(5 / 6, 12);
  expect(row.true_order_accuracy).toBeCloseTo(5 / 6, 12);
  expect(row.gap_points).toBeCloseTo(100 * (row.ceiling - 5 / 6), 12);
});

describe('scoreRows', () => {
  const rows = scoreRows([ranking], [[14, 13, 11, 12]]);

  it('centres both scores in their ranking', () => {
    expect(rows.map(({ score }) => score)).toEqual([1.5, 0.5, -1.5, -0.5]);
    expect(rows.map(({ true_score }) => Math.round(true_score))).toEqual([4, 2, -4, -2]);
    expect(rows.map(({ half }) => half[0])).toEqual(['b', 'b', 'w', 'w']);
  });

  it('is averaged by kind, best first', () => {
    const kinds = kindRows([...rows].reverse());
    expect(kinds.map(({ kind, responses, score }) => [kind, responses, score])).toEqual([
      ['good', 2, 1],
      ['bad', 2, -1],
    ]);
  });

  it('says which ranking has no kinds', () => {
    expect(() => scoreRows([{ query: 'q', responses: ['a', 'b'], ranks: [1, 2] }], [[1, 0]])).toThrow(
      'the ranking of "q" has no kinds or no qualities',
    );
  });
});
