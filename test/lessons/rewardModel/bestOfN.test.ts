import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bestOfN } from '../../../lib/lessons/rewardModel/bestOfN';

const answer = (response: string, proxy: number, gold: number) => ({ query: 'q', response, proxy, gold });

it('is the mean over all choices of n, worked by hand', () => {
  const drawn = [answer('a', 3, 0), answer('b', 2, 4), answer('c', 1, 0)];
  // the pairs ab, ac, bc give a, a, b
  const [one, two, three] = bestOfN(drawn, [1, 2, 3]);
  expect(one).toMatchObject({ kl_formula: 0, proxy: expect.closeTo(2, 12), gold: expect.closeTo(4 / 3, 12) });
  expect(one!.kl).toBeCloseTo(0, 12);
  expect(two!.proxy).toBeCloseTo((3 + 3 + 2) / 3, 12);
  expect(two!.gold).toBeCloseTo(4 / 3, 12);
  expect(two!.kl).toBeCloseTo((2 / 3) * Math.log(2) + (1 / 3) * Math.log(1), 12);
  expect(three!.kl).toBeCloseTo(Math.log(3), 12);
});

it('never loses proxy reward with a larger n, and has no KL where all answers are the same', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 8, maxLength: 12 }), (proxies) => {
      const rows = bestOfN(
        proxies.map((proxy, i) => answer(String(i % 4), proxy, 0)),
        [1, 2, 4, 8],
      );
      rows.slice(1).forEach((row, i) => {
        expect(row.proxy).toBeGreaterThanOrEqual(rows[i]!.proxy - 1e-12);
      });
      const same = bestOfN(
        proxies.map((proxy) => answer('a', proxy, 0)),
        [4],
      );
      expect(same[0]!.kl).toBeCloseTo(0, 12);
    }),
  );
});

it('refuses an n that there are no answers for', () => {
  expect(() => bestOfN([answer('a', 1, 0)], [2])).toThrow('the best of 2 was asked of 1 answers');
});
