import { expect, it } from 'vitest';
import { gaeContributions, gaeTerms } from '../../../lib/lessons/valueModel/gaeTerms';

const example = { tokens: ['2+2', 'is', '4'], rewards: [0, 0, 0.8], values: [0.3, 0.4, 0.5], discount: 0.9 };

it("gives every term of the article's example, worked by hand", () => {
  const byHand = [
    [0.06, 0.06 + 0.855 * 0.3065],
    [0.05, 0.3065],
    [0.3, 0.3],
  ];
  for (const [t, { delta, advantage }] of gaeTerms(example, 0.95).entries()) {
    expect(delta).toBeCloseTo(byHand[t]![0]!, 12);
    expect(advantage).toBeCloseTo(byHand[t]![1]!, 12);
  }
});

it('is the residual at λ = 0 and return minus value at λ = 1', () => {
  for (const { advantage, delta } of gaeTerms(example, 0)) expect(advantage).toBe(delta);
  for (const { advantage, return_minus_value } of gaeTerms(example, 1))
    expect(advantage).toBeCloseTo(return_minus_value, 12);
});

it('is the sum of its contributions', () => {
  const contributions = gaeContributions(example, 0.5);
  expect(contributions).toHaveLength(6);
  for (const { token, advantage } of gaeTerms(example, 0.5)) {
    const own = contributions.filter((row) => row.token === token);
    expect(own.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(advantage, 12);
  }
});
