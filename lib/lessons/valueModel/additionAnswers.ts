/**
 * How a half-trained assistant answers "What is a+b?": every response it may give, with its probability and reward.
 * All of them are listed, so that the value of each prefix can be computed and not only estimated.
 */
import { refuse } from '../../errors/inputError';
import type { Random } from '../../math/random';
import { additionQuestion } from '../../tasks/arithmetic';

export interface RewardedResponse {
  readonly query: string;
  readonly response: string;
  readonly reward: number;
}

export interface PossibleResponse extends RewardedResponse {
  /** Among all responses to the query. */
  readonly probability: number;
}

/** By how much a wrong sum is off, each as likely as the others. */
const errors = [1, 2, 3];

/** The probability of the short sentence, right or wrong. */
const sentence = 0.7;

/**
 * Every response to "What is a+b?", most wanted first. The article's "2+2 is 4" earns 0.8; a wrong sum 0.1; to pass
 * 0.3; and the right sum after thinking aloud 0.8, as good as the short one and twice as long.
 * @param wrongProbability of each wrong sum; the right one has what they leave of 0.7
 * @throws InputError where they leave nothing
 */
export function possibleResponses(a: number, b: number, wrongProbability = 0.1): PossibleResponse[] {
  const right = sentence - errors.length * wrongProbability;
  if (!(wrongProbability >= 0 && right >= 0)) {
    refuse('wrongProbability', wrongProbability, `a number from 0 to ${sentence}/${errors.length}`);
  }
  const query = additionQuestion(a, b);
  const sum = a + b;
  const wrong = errors.map((error) => ({
    response: `${a}+${b} is ${sum + error}`,
    reward: 0.1,
    probability: wrongProbability,
  }));
  return [
    { response: `${a}+${b} is ${sum}`, reward: 0.8, probability: right },
    { response: `Let me count: ${a}+${b} is ${sum}`, reward: 0.8, probability: 0.1 },
    { response: 'I do not know', reward: 0.3, probability: 0.2 },
    ...wrong,
  ].map((possible) => ({ query, ...possible }));
}

/** One response, drawn with its probability. */
export function drawResponse(possible: readonly PossibleResponse[], random: Random): PossibleResponse {
  let left = random.uniform();
  for (const response of possible) {
    left -= response.probability;
    if (left < 0) return response;
  }
  return possible.at(-1)!;
}

/** `count` responses to each of the questions a+b with 1 ≤ a, b ≤ largest, in the order of the questions. */
export function drawResponses(
  largest: number,
  count: number,
  random: Random,
  wrongProbability?: number,
): RewardedResponse[] {
  const drawn: RewardedResponse[] = [];
  for (let a = 1; a <= largest; a++) {
    for (let b = 1; b <= largest; b++) {
      const possible = possibleResponses(a, b, wrongProbability);
      for (let i = 0; i < count; i++) drawn.push(drawResponse(possible, random));
    }
  }
  return drawn;
}
