/** The kinds of fields that configs have. Each says, where a value does not fit, what was expected. */
import { z } from 'zod';

const finite = (expected: string) => z.number({ error: expected });
const orInfinity = (expected: string) => z.literal(Number.POSITIVE_INFINITY, { error: expected });

/** How many: a whole number from 1. */
export function count() {
  const expected = 'a whole number from 1';
  return finite(expected).int(expected).min(1, expected);
}

export function wholeFrom0() {
  const expected = 'a whole number from 0';
  return finite(expected).int(expected).min(0, expected);
}

export const above0 = (expected = 'a number above 0') => finite(expected).gt(0, expected);
export const from0 = (expected = 'a number from 0') => finite(expected).min(0, expected);

/** ∞ is "Infinity" in JSON. */
export function above0OrInfinity() {
  const expected = 'a number above 0, or Infinity';
  return z.union([above0(expected), orInfinity(expected)], { error: expected });
}

/** A number above 0, or null. */
export const above0OrNull = () => above0('null, or a number above 0').nullable();

/** From 0 to 1. */
export const share = () => from0('a number from 0 to 1').max(1, 'a number from 0 to 1');

/** From 0, below 1. */
export const shareBelow1 = () => from0('a number from 0, below 1').lt(1, 'a number from 0, below 1');

/** One of several names. */
export function oneOf<Name extends string>(...names: Name[]) {
  const shown = names.map((name) => `"${name}"`);
  return z.enum(names, { error: `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}` });
}

/** What the squares of a standard deviation are divided by. */
export const ddof = () => z.literal([0, 1], { error: '0 or 1' });
