/** Additions as a task: the assistant answers, and a rule or any other reward says what its answer is worth. */
import { languageTask } from '../algorithms/rollouts/languageTask';
import type { Task } from '../algorithms/rollouts/rollout';
import type { TokenStates } from '../models/gptPolicy';
import { additionAnswer } from '../tasks/arithmetic';
import { readMathAnswer, sameAnswer } from '../tasks/mathAnswer';
import { type Completion, combineRewards, type Reward, type WeightedReward } from '../tasks/reward';
import { correctAnswer } from '../tasks/rewards/correctAnswer';
import type { Assistant } from './assistant';

/** "2+3 is 5" and its end take 6. */
export const maxTokens = 7;

/** The rule: 1 for the right sum, else 0. Its column is `correct`. */
export const rightSum: Reward = correctAnswer((query) => String(additionAnswer(query)));

/** Whatever the reward, accuracy counts the right sums. */
export function isRightSum({ query, response }: Completion): boolean {
  const [answer, sum] = [readMathAnswer(response), readMathAnswer(String(additionAnswer(query)))];
  return answer !== null && sum !== null && sameAnswer(answer, sum);
}

export interface AdditionTaskOptions {
  /** What a response earns, Σ weight · score; `rightSum` unless said. */
  readonly reward?: readonly WeightedReward[];
  /** What is asked, in rollouts and evaluations: the assistant's training questions unless said. */
  readonly queries?: readonly string[];
  /** Longest response, the end included. */
  readonly maxTokens?: number;
}

/** @throws InputError for no reward, or two of one name */
export function additionTask(
  { tokenizer, questions }: Pick<Assistant, 'tokenizer' | 'questions'>,
  { reward = [{ reward: rightSum, weight: 1 }], queries = questions, ...lengths }: AdditionTaskOptions = {},
): Task<TokenStates> {
  return languageTask({
    tokenizer,
    queries,
    reward: combineRewards(reward),
    isCorrect: isRightSum,
    maxTokens,
    ...lengths,
  });
}
