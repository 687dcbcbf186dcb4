import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../lib/math/random';
import {
  additionDemonstrations,
  additionStatements,
  additions,
  holdOut,
} from '../../lib/tasks/additionCorpora';
import { additionAnswer, additionQuestion } from '../../lib/tasks/arithmetic';

const all = additions(9);
const errorOf = (statement: string) => {
  const [a, b, sum] = /^(\d+)\+(\d+) is (\d+)$/u.exec(statement)!.slice(1).map(Number);
  return sum! - a! - b!;
};

it('lists each addition once', () => {
  expect(additions(1)).toEqual([
    { a: 0, b: 0 },
    { a: 0, b: 1 },
    { a: 1, b: 0 },
    { a: 1, b: 1 },
  ]);
  expect(new Set(all.map(({ a, b }) => `${a}+${b}`)).size).toBe(100);
});

describe('holdOut', () => {
  it('parts the items, in their order, with the share held out', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (count, share, seed) => {
        const items = Array.from({ length: count }, (_, i) => i);
        const { train, heldOut } = holdOut(items, share, seededRandom(seed));
        expect(heldOut).toHaveLength(Math.round(share * count));
        expect([...train, ...heldOut].sort((a, b) => a - b)).toEqual(items);
        for (const side of [train, heldOut]) expect([...side].sort((a, b) => a - b)).toEqual(side);
      }),
    );
  });

  it('chooses by the seed', () => {
    const chosen = (seed: number) => holdOut(all, 0.2, seededRandom(seed)).heldOut;
    expect(chosen(1)).toEqual(chosen(1));
    expect(chosen(1)).not.toEqual(chosen(2));
  });
});

describe.each([
  ['statements', additionStatements],
  [
    'demonstrations',
    (...settings: Parameters<typeof additionDemonstrations>) =>
      additionDemonstrations(...settings).map(({ response }) => response),
  ],
])('the %s', (_, corpus) => {
  it.each([0.1, 0.4, 0.5])('are one too many in a share of %d, and else right', (wrongShare) => {
    const copies = 200;
    const errors = corpus(all, copies, wrongShare, seededRandom(4)).map(errorOf);
    expect(errors).toHaveLength(100 * copies);
    expect(new Set(errors)).toEqual(new Set([0, 1]));
    const deviation = (count: number) => Math.sqrt(count * wrongShare * (1 - wrongShare));
    const wrong = (some: number[]) => some.reduce((sum, error) => sum + error, 0);
    // a normal variable lies beyond 4 deviations once in 16,000; the worst of 100 beyond 5 once in 17,000
    expect(Math.abs(wrong(errors) - wrongShare * errors.length)).toBeLessThan(4 * deviation(errors.length));
    for (let i = 0; i < 100; i++) {
      const own = errors.slice(copies * i, copies * (i + 1));
      expect(Math.abs(wrong(own) - wrongShare * copies)).toBeLessThan(5 * deviation(copies));
    }
  });

  it('are all right or all wrong at the ends', () => {
    expect(new Set(corpus(all, 3, 0, seededRandom(1)).map(errorOf))).toEqual(new Set([0]));
    expect(new Set(corpus(all, 3, 1, seededRandom(1)).map(errorOf))).toEqual(new Set([1]));
  });

  it('say of nothing that is held out', () => {
    const { train, heldOut } = holdOut(all, 0.2, seededRandom(6));
    const told = new Set(corpus(train, 3, 0.4, seededRandom(6)).map((text) => text.split(' ')[0]));
    expect(told.size).toBe(80);
    for (const { a, b } of heldOut) expect(told).not.toContain(`${a}+${b}`);
  });

  it('are the same for the same seed, and others for another', () => {
    const make = (seed: number) => corpus(all, 5, 0.4, seededRandom(seed));
    expect(make(1)).toEqual(make(1));
    expect(make(1)).not.toEqual(make(2));
  });

  it('are different for each addition', () => {
    const errors = corpus(all, 20, 0.5, seededRandom(3)).map(errorOf);
    const patterns = all.map((_, i) => errors.slice(20 * i, 20 * (i + 1)).join(''));
    expect(new Set(patterns).size).toBe(100);
  });
});

it('asks the question that a demonstration answers', () => {
  const demonstrations = additionDemonstrations(all, 1, 0, seededRandom(1));
  demonstrations.forEach(({ query, response }, i) => {
    const { a, b } = all[i]!;
    expect(query).toBe(additionQuestion(a, b));
    expect(response).toBe(`${a}+${b} is ${additionAnswer(query)}`);
  });
});
