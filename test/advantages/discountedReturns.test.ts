import fc from 'fast-check';
import { expect, it } from 'vitest';
import { discountedReturns, prefixValues } from '../../lib/advantages/discountedReturns';
import { expectClose } from '../close';
import golden from '../golden/discountedReturns.json';

const { inputs, params, outputs } = golden.discounted_returns;

it('gives the golden returns', () => {
  inputs.rewards.forEach((rewards, i) => {
    // float64 on both sides: the order of operations may cost a last digit
    expectClose(discountedReturns(rewards, params.gamma), outputs.returns[i], 1e-15);
  });
});

it('gives the article\'s values of the prefixes of "2+2 is 4"', () => {
  expectClose(prefixValues(0.8, 3, 0.9), [0.648, 0.72, 0.8], 1e-15);
});

it('is the plain sum of what follows at γ = 1, and the reward alone at γ = 0', () => {
  const rewards = fc.array(fc.integer({ min: -100, max: 100 }), { maxLength: 12 });
  fc.assert(
    fc.property(rewards, (r) => {
      const sums = r.map((_, t) => r.slice(t).reduce((a, b) => a + b, 0));
      expect(discountedReturns(r, 1)).toEqual(sums);
      expect(discountedReturns(r, 0)).toEqual(r);
    }),
  );
});

it('is linear in the rewards', () => {
  const number = fc.float({ min: -4, max: 4, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(number, number), { maxLength: 10 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (pairs, discount) => {
        const a = discountedReturns(
          pairs.map(([x]) => x),
          discount,
        );
        const b = discountedReturns(
          pairs.map(([, y]) => y),
          discount,
        );
        const both = discountedReturns(
          pairs.map(([x, y]) => x + 2 * y),
          discount,
        );
        // float64, at most 10 terms of size below 12
        expectClose(
          both,
          a.map((value, i) => value + 2 * b[i]!),
          1e-13,
        );
      },
    ),
  );
});

it.each([-0.1, 1.1, Number.NaN])('refuses a discount of %d', (discount) => {
  expect(() => discountedReturns([1], discount)).toThrow(`the discount is ${discount}`);
});

it('has no values for no tokens', () => expect(prefixValues(0.8, 0, 0.9)).toEqual([]));
