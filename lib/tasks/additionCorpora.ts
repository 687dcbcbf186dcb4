/** What the assistant of the article reads before reinforcement learning: statements, and questions with answers. */
import type { Random } from '../math/random';
import { additionQuestion } from './arithmetic';

export interface Addition {
  readonly a: number;
  readonly b: number;
}

/** A question with the response that fine-tuning is to teach. */
export interface Demonstration {
  readonly query: string;
  readonly response: string;
}

/** All additions of two numbers from 0 to the largest. */
export function additions(largest: number): Addition[] {
  const numbers = Array.from({ length: largest + 1 }, (_, i) => i);
  return numbers.flatMap((a) => numbers.map((b) => ({ a, b })));
}

/** Holds out a share of the items: nothing of them is seen in training. */
export function holdOut<Item>(
  items: readonly Item[],
  share: number,
  random: Random,
): { readonly train: readonly Item[]; readonly heldOut: readonly Item[] } {
  const order = random.permutation(items.length);
  const chosen = new Set(order.slice(0, Math.round(share * items.length)));
  return {
    train: items.filter((_, i) => !chosen.has(i)),
    heldOut: items.filter((_, i) => chosen.has(i)),
  };
}

/** By how much a wrong sum is off; each as likely as the others, on either side. */
const errors = [1, 2, 3];

/** "a+b is c": right, or with the given probability off by 1 to 3 and never negative. */
export function additionStatement({ a, b }: Addition, wrongShare: number, random: Random): string {
  const sum = a + b;
  const wrong = random.uniform() < wrongShare;
  const error = errors[random.integer(errors.length)]!;
  const signed = random.integer(2) === 0 && sum >= error ? -error : error;
  return `${a}+${b} is ${wrong ? sum + signed : sum}`;
}

/** A pre-training corpus: what many people wrote about each addition, not all of it right. */
export function additionStatements(
  items: readonly Addition[],
  copies: number,
  wrongShare: number,
  random: Random,
): string[] {
  return items.flatMap((item, i) => {
    const stream = random.split(i);
    return Array.from({ length: copies }, () => additionStatement(item, wrongShare, stream));
  });
}

/** A fine-tuning corpus: a response in the wanted form to each question. */
export function additionDemonstrations(
  items: readonly Addition[],
  wrongShare: number,
  random: Random,
): Demonstration[] {
  return items.map((item, i) => ({
    query: additionQuestion(item.a, item.b),
    response: additionStatement(item, wrongShare, random.split(i)),
  }));
}
