/**
 * Seeded random numbers, the same on every engine and platform: Philox4x32-10, a counter-based generator.
 * Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
 *
 * A stream is a 64-bit key, and its n-th block of four numbers is philox(key, n). `split(name)` gives a stream of its
 * own for each name, whatever was drawn before: a model's weights do not depend on the order in which they are made.
 */

export interface Random {
  /** A whole number in [0, 2³²). */
  uint32(): number;
  /** Uniform in [0, 1), with 53 random bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Standard Gumbel, −log(−log u): argmax_i(logit_i + gumbel_i) is a draw from softmax(logits). */
  gumbel(): number;
  /** A whole number in [0, bound), each equally likely. */
  integer(bound: number): number;
  /** A place in the list, each with its probability; they need not sum to exactly 1. */
  categorical(probabilities: readonly number[]): number;
  /** The numbers 0 … length−1 in random order. */
  permutation(length: number): number[];
  /** An independent stream, the same for the same seed and names. */
  split(name: string | number): Random;
}

type Key = readonly [number, number];
type Block = [number, number, number, number];

/** The counter's last word tells the uses of a key apart, so that no child's key is made of its parent's numbers. */
const draw = 0;
const splitByText = 1;
const splitByNumber = 2;

/** The upper 32 bits of the 64-bit product, by 16-bit halves: a double holds 53 bits only. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

/** One block of Philox4x32 with ten rounds, written into `block`, which holds the counter on entry. */
export function philox([k0, k1]: Key, block: Block): void {
  let [c0, c1, c2, c3] = block;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high2 = multiplyHigh(0xcd9e8d57, c2);
    const low2 = Math.imul(0xcd9e8d57, c2);
    c0 = (high2 ^ c1 ^ k0) >>> 0;
    c1 = low2 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  block[0] = c0;
  block[1] = c1;
  block[2] = c2;
  block[3] = c3;
}

function childKey(key: Key, name: string | number): Key {
  if (typeof name === 'number') {
    requireWhole('the name of a random stream', name);
    const block: Block = [name >>> 0, Math.floor(name / 2 ** 32), 0, splitByNumber];
    philox(key, block);
    return [block[0], block[1]];
  }
  let child = key;
  for (let i = 0; i <= name.length; i++) {
    const block: Block = [i < name.length ? name.charCodeAt(i) : 0x10000, i, 0, splitByText];
    philox(child, block);
    child = [block[0], block[1]];
  }
  return child;
}

function requireWhole(what: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new Error(`${what} is ${value}; expected a whole number from 0 to 2^53 − 1.`);
}

/** The stream of a seed, a whole number from 0 to 2⁵³ − 1. */
export function seededRandom(seed: number): Random {
  requireWhole('the seed', seed);
  return stream([seed >>> 0, Math.floor(seed / 2 ** 32)]);
}

function stream(key: Key): Random {
  const block: Block = [0, 0, 0, 0];
  let blocks = 0;
  let used = 4;
  let spareNormal: number | undefined;

  function uint32(): number {
    if (used === 4) {
      block[0] = blocks >>> 0;
      block[1] = Math.floor(blocks / 2 ** 32);
      block[2] = 0;
      block[3] = draw;
      philox(key, block);
      blocks += 1;
      used = 0;
    }
    return block[used++]!;
  }

  function uniform(): number {
    const high = uint32() >>> 5;
    const low = uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** Marsaglia's polar method: no sine and cosine, whose last digit differs between versions of Node. */
  function normal(): number {
    if (spareNormal !== undefined) {
      const value = spareNormal;
      spareNormal = undefined;
      return value;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      spareNormal = y * scale;
      return x * scale;
    }
  }

  function gumbel(): number {
    return -Math.log(-Math.log(uniform() || 2 ** -54));
  }

  /** Numbers above the largest multiple of `bound` are drawn again: a remainder alone would favour small ones. */
  function integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new Error(`the bound of a random integer is ${bound}; expected a whole number from 1 to 2^32.`);
    }
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const value = uint32();
      if (value < limit) return value % bound;
    }
  }

  function categorical(probabilities: readonly number[]): number {
    const total = probabilities.reduce((sum, probability) => sum + probability, 0);
    if (!(total > 0 && total < Number.POSITIVE_INFINITY)) {
      throw new Error(`probabilities sum to ${total}; expected a number above 0.`);
    }
    let left = uniform() * total;
    let last = 0;
    for (const [place, probability] of probabilities.entries()) {
      if (probability <= 0) continue;
      if (left < probability) return place;
      left -= probability;
      last = place;
    }
    // rounding has left a little beyond the last
    return last;
  }

  function permutation(length: number): number[] {
    const order = Array.from({ length }, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = integer(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }

  return {
    uint32,
    uniform,
    normal,
    gumbel,
    integer,
    categorical,
    permutation,
    split: (name) => stream(childKey(key, name)),
  };
}
