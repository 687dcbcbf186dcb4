import { expect, it } from 'vitest';
import { discountRows, halfLife, prefixRows } from '../../../lib/lessons/valueModel/prefixRows';

it("lists the article's example as the article does", () => {
  expect(prefixRows(['2+2', 'is', '4'], 0.8, 0.9)).toEqual([
    { prefix: '2+2 is 4', tokens_to_go: 0, weight: 1, reward: 0.8, value: 0.8 },
    { prefix: '2+2 is', tokens_to_go: 1, weight: 0.9, reward: 0.8, value: 0.72 },
    { prefix: '2+2', tokens_to_go: 2, weight: 0.81, reward: 0.8, value: 0.648 },
  ]);
});

it('gives the weights of each discount from the reward backward', () => {
  expect(discountRows([0.5, 1], 2).map(({ weight }) => weight)).toEqual([1, 0.5, 0.25, 1, 1, 1]);
});

it('has a half-life after which half of the weight is left, and none at γ = 1', () => {
  for (const discount of [0.5, 0.9, 0.99]) expect(discount ** halfLife(discount)!).toBeCloseTo(0.5, 12);
  expect(halfLife(1)).toBe(null);
});
