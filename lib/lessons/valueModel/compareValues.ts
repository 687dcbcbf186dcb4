/** Sets a value model's predictions beside what it was trained on and what it can know. */
import { prefixValues } from '../../advantages/discountedReturns';
import { expectedReturn, type TokenizedResponse } from '../../advantages/expectedReturn';
import { responseValues } from '../../algorithms/trainValueModel';
import { encodeSequence } from '../../models/sequences';
import type { Tokenizer } from '../../models/tokenizer';
import type { ValueModel } from '../../models/valueModel';
import type { PossibleResponse } from './additionAnswers';

/** One prefix of one response; the values are in the unit of the reward. */
export interface ValueComparison {
  readonly query: string;
  readonly response: string;
  readonly prefix: string;
  readonly token: string;
  /** Counts from 1. */
  readonly position: number;
  /** γ^(T−t) R of this response: a training target. */
  readonly target: number;
  /** The mean of the targets of all responses that begin with the prefix, by their probabilities. */
  readonly expected: number;
  readonly predicted: number;
}

export function tokenized(tokenizer: Tokenizer, responses: readonly PossibleResponse[]): TokenizedResponse[] {
  return responses.map((one) => ({ ...one, tokens: tokenizer.split(one.response) }));
}

/** @param responses every response that may be given to one query */
export async function compareValues(
  model: ValueModel,
  tokenizer: Tokenizer,
  responses: readonly PossibleResponse[],
  discount: number,
): Promise<ValueComparison[]> {
  const sequences = responses.map(({ query, response }) => encodeSequence(tokenizer, query, response));
  const predicted = await responseValues(model, sequences);
  const all = tokenized(tokenizer, responses);
  return responses.flatMap(({ query, response, reward }, i) => {
    const { tokens } = all[i]!;
    const targets = prefixValues(reward, tokens.length, discount);
    return tokens.map((token, t) => ({
      query,
      response,
      prefix: tokens.slice(0, t + 1).join(' '),
      token,
      position: t + 1,
      target: targets[t]!,
      expected: expectedReturn(tokens.slice(0, t + 1), all, discount),
      predicted: predicted[i]![t]!,
    }));
  });
}

/** The root of the mean squared difference between two columns. */
export function rootMeanSquare(rows: readonly ValueComparison[], column: 'target' | 'expected'): number {
  const squares = rows.reduce((sum, row) => sum + (row.predicted - row[column]) ** 2, 0);
  return Math.sqrt(squares / rows.length);
}
