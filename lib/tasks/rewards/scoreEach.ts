import { InputError } from '../../errors/inputError';
import type { Completion, Reward } from '../reward';

/**
 * A reward of one's own: a function of one completion.
 * @param score of the query, the response, its tokens and whether it ended; a finite number, at once
 * @throws InputError where it fails or gives anything else, by the completion at which it did
 */
export function scoreEach(name: string, score: (completion: Completion) => number): Reward {
  return {
    name,
    score: (completions) =>
      completions.map((completion) => {
        const at = `"${completion.response}" to "${completion.query}"`;
        let value: unknown;
        try {
          value = score(completion);
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          throw new InputError(`the reward "${name}" failed at ${at}: ${reason}`);
        }
        if (typeof value === 'number' && Number.isFinite(value)) return value;
        throw new InputError(
          `the reward "${name}" gave ${described(value)} for ${at}; expected a finite number.`,
        );
      }),
  };
}

function described(value: unknown): string {
  if (typeof value === 'string') return `the text "${value}"`;
  if (value instanceof Promise) return 'a promise';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
