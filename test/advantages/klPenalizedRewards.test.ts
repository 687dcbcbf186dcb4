import fc from 'fast-check';
import { expect, it } from 'vitest';
import { discountedReturns } from '../../lib/advantages/discountedReturns';
import { klPenalizedRewards } from '../../lib/advantages/klPenalizedRewards';
import { expectClose } from '../close';
import golden from '../golden/estimators.json';

/** Float64 on both sides: a product and two differences. */
const tolerance = 1e-15;

it("has verl's rewards, each response's to its end", () => {
  const { inputs, params, outputs } = golden.penalized_rewards;
  inputs.lengths.forEach((length, b) => {
    const row = (rows: number[][]) => rows[b]!.slice(0, length);
    const [now, reference] = [row(inputs.log_probs), row(inputs.ref_log_probs)];
    const logRatios = now.map((value, t) => value - reference[t]!);
    const rewards = klPenalizedRewards(row(inputs.rewards), logRatios, params.coefficient);
    expectClose(rewards, row(outputs.rewards), tolerance);
  });
});

it('leaves the rewards as they are where β is 0 or the policy is the reference', () => {
  expect(klPenalizedRewards([0, 1], [3, 4], 0)).toEqual([0, 1]);
  expect(klPenalizedRewards([0, 1], [0, 0], 0.1)).toEqual([0, 1]);
  expect(klPenalizedRewards([], [], 0.1)).toEqual([]);
});

it('takes β times the log-ratio of the whole response from its undiscounted return', () => {
  const number = fc.integer({ min: -50, max: 50 }).map((value) => value / 10);
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 8 }), number, (pairs, beta) => {
      const [rewards, logRatios] = [pairs.map(([reward]) => reward), pairs.map(([, ratio]) => ratio)];
      const [whole] = discountedReturns(klPenalizedRewards(rewards, logRatios, beta), 1);
      const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
      // float64 sums of 8 numbers of size 25
      expectClose(whole, sum(rewards) - beta * sum(logRatios), 1e-12);
    }),
  );
});

it('refuses log-ratios of another length', () => {
  expect(() => klPenalizedRewards([1, 2], [1], 0.1)).toThrow('1 log-ratios for 2 rewards');
});
