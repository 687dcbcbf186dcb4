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

/**
 * "a+b is c": right, or with the given probability the common mistake of counting one too many. With a share near a
 * half, what is said most often is right for some additions and wrong for others.
 */
export function additionStatement({ a, b }: Addition, wrongShare: number, random: Random): string {
  const wrong = random.uniform() < wrongShare;
  return `${a}+${b} is ${wrong ? a + b + 1 : a + b}`;
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

/** A fine-tuning corpus: responses in the wanted form to each question, from people who make the same mistake. */
export function additionDemonstrations(
  items: readonly Addition[],
  copies: number,
  wrongShare: number,
  random: Random,
): Demonstration[] {
  return items.flatMap((item, i) => {
    const stream = random.split(i);
    const query = additionQuestion(item.a, item.b);
    return Array.from({ length: copies }, () => ({
      query,
      response: additionStatement(item, wrongShare, stream),
    }));
  });
}
