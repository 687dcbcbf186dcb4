/**
 * Additions of two small numbers, and responses to them of graded quality.
 */
import { InputError } from '../errors/inputError';
import type { Random } from '../math/random';
import { annotate } from './annotators';
import type { Ranking } from './rankings';

/** The kinds of responses and their quality, from 0 to 1. */
export const responseKinds = {
  right: 1,
  'right, terse': 0.85,
  near: 0.5,
  'near, terse': 0.4,
  far: 0.25,
  'far, terse': 0.15,
  evasive: 0.1,
  'off topic': 0,
} as const;

export type ResponseKind = keyof typeof responseKinds;

const evasions = ['I do not know', 'I am not sure', 'That is hard to say'];
const digressions = ['Bananas are yellow', 'The sky is blue', 'Cats like fish', 'It may rain today'];

const oneOf = (texts: readonly string[], random: Random) => texts[random.integer(texts.length)]!;

export function additionQuestion(a: number, b: number): string {
  return `What is ${a}+${b}?`;
}

/**
 * The sum that a question "What is a+b?" asks for.
 * @throws InputError where the query is another
 */
export function additionAnswer(query: string): number {
  const [, a, b] = /^What is (\d+)\+(\d+)\?$/u.exec(query) ?? [];
  if (a === undefined || b === undefined) {
    throw new InputError(`the query "${query}" is no addition; expected "What is a+b?" with whole numbers.`);
  }
  return Number(a) + Number(b);
}

/** A number that is off by `least` … `most`, on either side, and never negative. */
function miss(answer: number, least: number, most: number, random: Random): number {
  const error = least + random.integer(most - least + 1);
  return answer >= error && random.integer(2) === 0 ? answer - error : answer + error;
}

/** A response to "What is a+b?". A near miss is off by 3 or 4, a far one by 9 to 13. */
export function additionResponse(a: number, b: number, kind: ResponseKind, random: Random): string {
  const sentence = (answer: number) => `${a}+${b} is ${answer}`;
  switch (kind) {
    case 'right':
      return sentence(a + b);
    case 'right, terse':
      return String(a + b);
    case 'near':
      return sentence(miss(a + b, 3, 4, random));
    case 'near, terse':
      return String(miss(a + b, 3, 4, random));
    case 'far':
      return sentence(miss(a + b, 9, 13, random));
    case 'far, terse':
      return String(miss(a + b, 9, 13, random));
    case 'evasive':
      return oneOf(evasions, random);
    case 'off topic':
      return oneOf(digressions, random);
  }
}

export interface RankedAdditions {
  /** Both numbers are 0 … largest. */
  readonly largest: number;
  /** Each question is ranked by this many annotators, each seeing responses of its own. */
  readonly annotators: number;
  /** Responses in a ranking, each of another kind. */
  readonly responses: number;
  /** The annotators' noise, in the unit of quality. */
  readonly temperature: number;
}

/** Rankings of responses to all additions. Responses stand in the order in which the annotator saw them: random. */
export function rankAdditions(
  { largest, annotators, responses, temperature }: RankedAdditions,
  random: Random,
) {
  const allKinds = Object.keys(responseKinds) as ResponseKind[];
  const rankings: Ranking[] = [];
  for (let a = 0; a <= largest; a++) {
    for (let b = 0; b <= largest; b++) {
      for (let annotator = 0; annotator < annotators; annotator++) {
        const stream = random.split(a).split(b).split(annotator);
        const order = stream.permutation(allKinds.length).slice(0, responses);
        const kinds = order.map((i) => allKinds[i]!);
        const qualities = kinds.map((kind) => responseKinds[kind]);
        rankings.push({
          query: additionQuestion(a, b),
          responses: kinds.map((kind) => additionResponse(a, b, kind, stream)),
          ranks: annotate(qualities, temperature, stream),
          kinds,
          qualities,
          temperature,
        });
      }
    }
  }
  return rankings;
}
