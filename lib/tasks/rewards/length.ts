import { refuse, requireCount } from '../../errors/inputError';
import type { Reward } from '../reward';

export interface LengthLimits {
  /** L_max: a response of so many tokens, the end included, earns −1. */
  readonly maxTokens: number;
  /** L_cache: over so many tokens before L_max the reward falls from 0 to −1. */
  readonly buffer: number;
}

/**
 * DAPO's soft overlong punishment of a response of |y| tokens.
 *   R(y) = 0                                   where |y| ≤ L_max − L_cache
 *        = ((L_max − L_cache) − |y|) / L_cache  up to L_max
 *        = −1                                  beyond
 * Yu et al. 2025, eq. 13, arXiv:2503.14476.
 * @throws InputError where a limit is no whole number from 1, or the buffer is larger than L_max
 */
export function length({ maxTokens, buffer }: LengthLimits): Reward {
  requireCount('maxTokens', maxTokens);
  if (!Number.isSafeInteger(buffer) || buffer < 1 || buffer > maxTokens) {
    refuse('buffer', buffer, `a whole number from 1 to maxTokens, ${maxTokens}`);
  }
  const free = maxTokens - buffer;
  return {
    name: 'length',
    score: (completions) =>
      completions.map(({ tokens }) => Math.max(-1, Math.min(0, (free - tokens) / buffer))),
  };
}
