import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalRows } from '../../lib/math/intervalRows';
import { meanInterval } from '../../lib/math/meanInterval';

describe('meanInterval', () => {
  it("is scipy 1.17.1's t.interval(0.95, n − 1, mean, sem)", () => {
    const five = meanInterval([0.9, 0.95, 1, 0.85, 0.92]);
    expect(five.mean).toBeCloseTo(0.924, 14);
    expect(five.lower).toBeCloseTo(0.8545333656617606, 10);
    expect(five.upper).toBeCloseTo(0.9934666343382395, 10);
  });

  it.each([
    [11, 2.2009851601],
    [15, 2.1314495456],
    [30, 2.0422724563],
    [100, 1.9839715185],
  ])('has the quantile of Student’s t beyond the table, at %d degrees of freedom', (freedom, quantile) => {
    const values = Array.from({ length: freedom + 1 }, (_, i) => i);
    const error = Math.sqrt(((((freedom + 1) ** 2 - 1) / 12) * ((freedom + 1) / freedom)) / (freedom + 1));
    const { mean, upper } = meanInterval(values);
    // the expansion's next term
    expect((upper! - mean) / error).toBeCloseTo(quantile, 4);
  });

  it('passes over what is missing, and has no interval for one value', () => {
    expect(meanInterval([3, null, undefined, Number.NaN])).toEqual({
      count: 1,
      mean: 3,
      lower: null,
      upper: null,
    });
  });

  it('moves and stretches with the values', () => {
    const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 9 }), (numbers, unit) => {
        const [own, moved] = [numbers, numbers.map((value) => unit * value + 7)].map(meanInterval);
        // float64 beside numbers up to 457
        expect(moved!.upper!).toBeCloseTo(unit * own!.upper! + 7, 9);
        expect(moved!.lower!).toBeCloseTo(unit * own!.lower! + 7, 9);
      }),
    );
  });
});

describe('intervalRows', () => {
  const rows = [
    { algorithm: 'PPO', step: 1, seed: 1, reward: 1, kl: null },
    { algorithm: 'GRPO', step: 1, seed: 1, reward: 5, kl: null },
    { algorithm: 'PPO', step: 1, seed: 2, reward: 3, kl: 2 },
  ];

  it('makes one row of each combination, in order of first appearance', () => {
    const [ppo, grpo] = intervalRows(rows, ['algorithm', 'step'], ['reward', 'kl']);
    expect(ppo).toMatchObject({ algorithm: 'PPO', step: 1, seeds: 2, reward: 2, kl: 2, kl_lower: null });
    expect(ppo!.reward_upper).toBeCloseTo(2 + 12.7062047364, 9);
    expect(grpo).toMatchObject({ algorithm: 'GRPO', seeds: 1, reward: 5, reward_lower: null, kl: null });
  });

  it('refuses a column of texts', () => {
    expect(() => intervalRows(rows, ['step'], ['algorithm'])).toThrow(
      'the column "algorithm" holds "PPO"; expected numbers.',
    );
  });
});
