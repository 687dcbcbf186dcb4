import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InputError } from '../../lib/errors/inputError';
import { additionAnswer, additionQuestion } from '../../lib/tasks/arithmetic';

it('reads an addition back from its question', () => {
  const number = fc.nat(1_000_000);
  fc.assert(
    fc.property(number, number, (a, b) => {
      expect(additionAnswer(additionQuestion(a, b))).toBe(a + b);
    }),
  );
});

it.each([
  'What is 2+?',
  'What is 2-2?',
  'What is 2+2? ',
  'what is 2+2?',
  'What is 1+2+3?',
  'What is 2.5+2?',
  '',
])('names the query "%s", which is no addition', (query) => {
  expect(() => additionAnswer(query)).toThrow(InputError);
  expect(() => additionAnswer(query)).toThrow(`the query "${query}" is no addition; expected "What is a+b?"`);
});
