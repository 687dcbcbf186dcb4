import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  equalRewardGroups,
  type GroupAdvantageOptions,
  groupAdvantages,
} from '../../lib/advantages/groupAdvantages';
import { standardDeviation } from '../../lib/math/statistics';
import { expectClose } from '../close';
import golden from '../golden/groupAdvantages.json';

/** Float64 on both sides: a mean in another order. */
const tolerance = 1e-14;
const { rewards } = golden.inputs;

const zScore = { baseline: 'mean', scale: 'group', ddof: 1, scaleEpsilon: 1e-4 } as const;
const unscaled = { scale: 'none', ddof: 1, scaleEpsilon: 0 } as const;

const cases: [string, GroupAdvantageOptions, readonly number[], number?][] = [
  ["verl's z-score with n − 1", zScore, golden.grpo_advantages_ddof1.outputs.advantages],
  ['the z-score with n', { ...zScore, ddof: 0 }, golden.grpo_advantages_ddof0.outputs.advantages],
  [
    "TRL's scale of the whole batch",
    { ...zScore, scale: 'batch' },
    golden.grpo_advantages_batch_std.outputs.advantages,
    // TRL keeps rewards in float32
    6e-8,
  ],
  ['Dr. GRPO', { ...unscaled, baseline: 'mean' }, golden.dr_grpo_advantages.outputs.advantages],
  ["verl's RLOO", { ...unscaled, baseline: 'leave-one-out' }, golden.rloo_advantages.outputs.advantages],
];

it.each(cases)('gives the golden values of %s', (_, options, expected, rounding = tolerance) => {
  expectClose(groupAdvantages(rewards, 4, options), expected, rounding);
});

it('leaves rewards as they are without a baseline and a scale', () => {
  expect(groupAdvantages(rewards, 4, { ...unscaled, baseline: 'none' })).toEqual(rewards);
});

describe('a group of equal rewards', () => {
  it.each([zScore, { ...zScore, scaleEpsilon: 0 }, { ...zScore, scale: 'batch' } as const])(
    'gets exactly 0, whatever ε: %j',
    (options) => {
      // 0.1 three times: its mean is 0.10000000000000002
      const advantages = groupAdvantages([0.1, 0.1, 0.1, 1, 2, 3], 3, options);
      expect(advantages.slice(0, 3)).toEqual([0, 0, 0]);
      expect(advantages.slice(3).every((advantage) => Number.isFinite(advantage))).toBe(true);
    },
  );

  it('is counted', () => {
    expect(equalRewardGroups([1, 1, 0, 1, 0, 0], 2)).toBe(2);
    expect(equalRewardGroups([1, 1, 0, 1, 0, 0], 3)).toBe(0);
  });
});

describe('properties', () => {
  const group = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 2, maxLength: 8 });

  it('advantages of a group sum to 0', () => {
    fc.assert(
      fc.property(
        group,
        fc.constantFrom('mean' as const, 'leave-one-out' as const),
        fc.constantFrom('group' as const, 'batch' as const, 'none' as const),
        (all, baseline, scale) => {
          const advantages = groupAdvantages(all, all.length, { ...zScore, baseline, scale });
          expectClose(
            advantages.reduce((a, b) => a + b),
            0,
            // float64 sums of 8 numbers, divided by a deviation of at least 0.35
            1e-12,
          );
        },
      ),
    );
  });

  it('z-scores do not change with the unit of the reward, but for ε, nor with its zero', () => {
    fc.assert(
      fc.property(group, fc.integer({ min: 1, max: 100 }), fc.integer(), (all, unit, zero) => {
        const options = { ...zScore, scaleEpsilon: 0 };
        const moved = all.map((reward) => unit * reward + (zero % 100));
        // rewards of up to 2100 are rounded by 2e-13, beside differences of at least 1
        expectClose(
          groupAdvantages(moved, all.length, options),
          groupAdvantages(all, all.length, options),
          1e-12,
        );
      }),
    );
  });

  it('leave-one-out is the reward minus the mean of the others, and G/(G−1) times the plain one', () => {
    fc.assert(
      fc.property(group, (all) => {
        const own = groupAdvantages(all, all.length, { ...unscaled, baseline: 'leave-one-out' });
        const others = all.map(
          (reward, i) =>
            reward - all.reduce((sum, other, j) => (j === i ? sum : sum + other), 0) / (all.length - 1),
        );
        expectClose(own, others, 1e-12);
        const plain = groupAdvantages(all, all.length, { ...unscaled, baseline: 'mean' });
        const factor = all.length / (all.length - 1);
        expectClose(
          own,
          plain.map((advantage) => factor * advantage),
          1e-12,
        );
      }),
    );
  });
});

it('compares each group with itself alone, but may scale by all', () => {
  const group = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(group, group, (one, other) => {
      const together = groupAdvantages([...one, ...other], 3, zScore);
      expect(together).toEqual([...groupAdvantages(one, 3, zScore), ...groupAdvantages(other, 3, zScore)]);
      const far = other.map((reward) => reward + 1000);
      const plain = groupAdvantages([...one, ...far], 3, { ...unscaled, baseline: 'mean' });
      const byBatch = groupAdvantages([...one, ...far], 3, { ...zScore, scale: 'batch' });
      const deviation = standardDeviation([...one, ...far], 1) + zScore.scaleEpsilon;
      expectClose(
        byBatch,
        plain.map((advantage) => advantage / deviation),
        1e-12,
      );
    }),
  );
});

it('refuses to divide by what is not above 0', () => {
  const bare = { ...zScore, baseline: 'none', scaleEpsilon: 0 } as const;
  expect(() => groupAdvantages([3], 1, bare)).toThrow(
    'the standard deviation (ddof 1) plus scaleEpsilon is NaN',
  );
  expect(() => groupAdvantages([3], 1, { ...bare, scale: 'batch' })).toThrow('scale is "batch"');
  expect(() => groupAdvantages([3, 3], 2, bare)).toThrow('plus scaleEpsilon is 0; expected a number above 0');
  expectClose(groupAdvantages([3, 1], 2, bare), [3 / Math.SQRT2, 1 / Math.SQRT2], tolerance);
  expect(groupAdvantages([3, 3], 2, { ...bare, scale: 'none' })).toEqual([3, 3]);
});

it('has nothing to say of no rewards', () => expect(groupAdvantages([], 4, zScore)).toEqual([]));

it('refuses a group of one and groups that do not fit', () => {
  expect(() => groupAdvantages([1, 2], 1, zScore)).toThrow('groupSize is 1; expected at least 2');
  expect(() => groupAdvantages([1, 2, 3], 2, zScore)).toThrow('3 rewards cannot be cut into groups of 2');
});
