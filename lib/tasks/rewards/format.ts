import type { Reward } from '../reward';

/**
 * 1 where the pattern matches the whole response, else 0. Its flags g and y are left out: they would remember
 * a place from one response to the next.
 */
export function format(pattern: RegExp, name = 'format'): Reward {
  // no character before, none after: ^ and $ would match at every line under the flag m
  const whole = new RegExp(`(?<![^])(?:${pattern.source})(?![^])`, pattern.flags.replace(/[gy]/gu, ''));
  return { name, score: (completions) => completions.map(({ response }) => (whole.test(response) ? 1 : 0)) };
}
