import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { philox, seededRandom } from '../../lib/math/random';
import { mean, standardDeviation } from '../../lib/math/statistics';

describe('philox', () => {
  // Known answers of the Random123 distribution (kat_vectors, philox4x32 with 10 rounds).
  const ones = 0xffffffff;
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [ones, ones, ones, ones],
      [ones, ones],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('counter %j, key %j', (counter, key, expected) => {
    const block = [...counter] as [number, number, number, number];
    philox(key as [number, number], block);
    expect(block).toEqual(expected);
  });
});

describe('seededRandom', () => {
  const draws = (seed: number, count = 8) => {
    const random = seededRandom(seed);
    return Array.from({ length: count }, () => random.uint32());
  };

  it('starts with the blocks of counters 0 and 1 under its seed as key', () => {
    const block: [number, number, number, number] = [0, 0, 0, 0];
    philox([7, 0], block);
    const first = [...block];
    block.splice(0, 4, 1, 0, 0, 0);
    philox([7, 0], block);
    expect(draws(7)).toEqual([...first, ...block]);
  });

  it('gives another stream for another seed, also above 2^32', () => {
    expect(draws(1)).not.toEqual(draws(2));
    expect(draws(1)).not.toEqual(draws(1 + 2 ** 32));
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses the seed %d in one sentence', (seed) => {
    expect(() => seededRandom(seed)).toThrow(`the seed is ${seed}; expected a whole number`);
  });

  it('splits into streams that depend on the names only, not on what was drawn', () => {
    const fresh = seededRandom(3).split('model').split(5);
    const parent = seededRandom(3);
    for (let i = 0; i < 10; i++) parent.normal();
    expect(parent.split('model').split(5).uint32()).toBe(fresh.uint32());
  });

  it('gives different streams for different names', () => {
    const random = seededRandom(3);
    const names = ['', 'a', 'b', 'ab', 'ba', 'aa', 0, 1, 2, 97, 2 ** 32];
    const firsts = new Set(names.map((name) => random.split(name).uint32()).concat(random.uint32()));
    expect(firsts.size).toBe(names.length + 1);
  });

  // 4e4 draws: a standard error of 0.005 for each mean, so 0.025 is five of them.
  it('draws uniform, normal and Gumbel numbers with their means and deviations', () => {
    const random = seededRandom(11);
    const sample = (draw: () => number) => Array.from({ length: 40_000 }, draw);
    const uniform = sample(random.uniform);
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(0.0075);
    expect(Math.abs(standardDeviation(uniform, 1) - 1 / Math.sqrt(12))).toBeLessThan(0.005);
    const normal = sample(random.normal);
    expect(Math.abs(mean(normal))).toBeLessThan(0.025);
    expect(Math.abs(standardDeviation(normal, 1) - 1)).toBeLessThan(0.02);
    const gumbel = sample(random.gumbel);
    expect(Math.abs(mean(gumbel) - 0.5772)).toBeLessThan(0.035);
    expect(Math.abs(standardDeviation(gumbel, 1) - Math.PI / Math.sqrt(6))).toBeLessThan(0.04);
  });

  it('draws each whole number below the bound equally often', () => {
    const random = seededRandom(5);
    const counts = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 60_000; i++) counts[random.integer(6)]! += 1;
    // A count's standard deviation is 91.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(460);
    expect(() => random.integer(0)).toThrow('the bound of a random integer is 0');
  });

  it('permutes', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(40), (seed, length) => {
        const order = seededRandom(seed).permutation(length);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
      }),
    );
  });
});
