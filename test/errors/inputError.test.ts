import { expect, it } from 'vitest';
import { InputError } from '../../lib/errors/inputError';
import { parseRankings } from '../../lib/tasks/rankings';

it('is a sentence and no trace of code', () => {
  const error = new InputError('line 3 is empty.');
  expect(error).toBeInstanceOf(Error);
  expect(error.stack).toBe('InputError: line 3 is empty.');
});

it('is what a file with bad lines causes', () => {
  expect(() => parseRankings('not json', 'rankings.jsonl')).toThrow(InputError);
});
