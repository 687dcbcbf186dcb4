import { InputError } from '../../errors/inputError';
import { readMathAnswer, sameAnswer } from '../mathAnswer';
import type { Reward } from '../reward';

/**
 * 1 where the response's final answer is the reference's, else 0.
 * @param answerOf the reference to a query: a number, a worked solution, or a marked answer, \boxed{x+1}
 * @throws InputError where a reference has no answer, since no response could earn anything
 */
export function correctAnswer(answerOf: (query: string) => string): Reward {
  return {
    name: 'correct',
    score: (completions) =>
      completions.map(({ query, response }) => {
        const reference = readMathAnswer(answerOf(query));
        if (reference === null) {
          throw new InputError(
            `the reference to "${query}" is "${answerOf(query)}"; expected a number or a marked answer.`,
          );
        }
        const answer = readMathAnswer(response);
        return answer !== null && sameAnswer(answer, reference) ? 1 : 0;
      }),
  };
}
