/**
 * Rankings: several responses to one query, ordered by an annotator. Read from JSON lines, one ranking a line:
 *   {"query": "What is 2+2?", "responses": ["2+2 is 4", "It may rain today"], "ranks": [1, 2]}
 * or TRL's preference format, which becomes a ranking of two:
 *   {"prompt": "What is 2+2?", "chosen": "2+2 is 4", "rejected": "It may rain today"}
 * where each text may also be a list of chat messages. Columns that are not named here are passed over.
 */
import { type Fields, shown } from '../errors/fields';
import { InputError } from '../errors/inputError';
import type { Random } from '../math/random';
import { isText, parseJsonLines, textField } from './jsonLines';
import { readTextFile } from './textFile';

export interface Ranking {
  readonly query: string;
  readonly responses: readonly string[];
  /** The rank of each response: 1 is the best, equal ranks are a tie. */
  readonly ranks: readonly number[];
  /** Where the annotator is simulated: what each response is, how good it really is, and the annotator's noise. */
  readonly kinds?: readonly string[];
  readonly qualities?: readonly number[];
  readonly temperature?: number;
}

/** The pairs (better, worse) of a ranking, as places in its list of responses. A tie gives none. */
export function rankedPairs(ranks: readonly number[]): [better: number, worse: number][] {
  return ranks.flatMap((rank, better) =>
    ranks.flatMap((other, worse): [number, number][] => (rank < other ? [[better, worse]] : [])),
  );
}

/**
 * A ranking as choices, the best first: 1 at (i, j) where response j could still be chosen when i was, i itself among
 * them, else 0. Responses tied at the end were not chosen: such a ranking tells the best of the list and leaves the
 * order of the others open.
 * @returns [K][K]
 * @throws  for a tie further up, which says of two chosen responses that neither came first
 */
export function choiceSets(ranks: readonly number[]): number[][] {
  const last = ranks.reduce((most, rank) => Math.max(most, rank), 0);
  const open = ranks.filter((rank) => rank === last).length > 1;
  return ranks.map((rank, i) => {
    if (rank === last && open) return ranks.map(() => 0);
    const tied = ranks.findIndex((other, j) => j !== i && other === rank);
    if (tied !== -1) {
      throw new InputError(
        `the ranks ${ranks.join(', ')} put two responses at ${rank}; Plackett–Luce needs an order, with ties at the end alone. Bradley–Terry takes any ties.`,
      );
    }
    return ranks.map((other) => (other >= rank ? 1 : 0));
  });
}

/** The share of pairs, over all rankings, whose better response has the higher score; equal scores are wrong. */
export function pairwiseAccuracy(
  scores: readonly (readonly number[])[],
  rankings: readonly Pick<Ranking, 'ranks'>[],
): number {
  let correct = 0;
  let pairs = 0;
  rankings.forEach(({ ranks }, r) => {
    for (const [better, worse] of rankedPairs(ranks)) {
      pairs += 1;
      if (scores[r]![better]! > scores[r]![worse]!) correct += 1;
    }
  });
  return correct / pairs;
}

/** Holds out a share of the queries with all their rankings: none of them is seen in training. */
export function holdOutQueries(
  rankings: readonly Ranking[],
  share: number,
  random: Random,
): { readonly train: readonly Ranking[]; readonly heldOut: readonly Ranking[] } {
  const queries = [...new Set(rankings.map(({ query }) => query))];
  const order = random.permutation(queries.length);
  const chosen = new Set(order.slice(0, Math.round(share * queries.length)).map((i) => queries[i]!));
  return {
    train: rankings.filter(({ query }) => !chosen.has(query)),
    heldOut: rankings.filter(({ query }) => chosen.has(query)),
  };
}

/**
 * Reads rankings from a .jsonl or .jsonl.gz file.
 * @throws one error for all bad lines, each by its number and what is wrong with it
 */
export async function readRankings(path: string): Promise<Ranking[]> {
  return parseRankings(await readTextFile(path), path);
}

/** @param name what an error calls the text, such as its file */
export function parseRankings(text: string, name: string): Ranking[] {
  return parseJsonLines(text, name, 'ranking', parseFields);
}

function parseFields(fields: Fields): Ranking {
  if ('query' in fields) return parseRanking(fields);
  if ('chosen' in fields || 'rejected' in fields) return parsePreference(fields);
  throw new Error('expected the fields query, responses and ranks, or prompt, chosen and rejected');
}

function parseRanking(fields: Fields): Ranking {
  const query = textField(fields, 'query');
  const responses = listField(fields, 'responses', isText, 'texts');
  const ranks = listField(fields, 'ranks', isRank, 'whole numbers from 1');
  if (responses.length < 2) throw new Error(`"responses" has ${responses.length}; expected at least 2`);
  sameLength('ranks', ranks, responses);
  if (new Set(ranks).size === 1) throw new Error('"ranks" are all equal: there is no better response');

  const { kinds, qualities, temperature } = fields;
  const extra: { kinds?: string[]; qualities?: number[]; temperature?: number } = {};
  if (kinds !== undefined)
    extra.kinds = sameLength('kinds', listField(fields, 'kinds', isText, 'texts'), responses);
  if (qualities !== undefined) {
    extra.qualities = sameLength('qualities', listField(fields, 'qualities', isNumber, 'numbers'), responses);
  }
  if (temperature !== undefined) {
    if (!isNumber(temperature) || temperature <= 0) {
      throw new Error(`"temperature" is ${shown(temperature)}; expected a number above 0`);
    }
    extra.temperature = temperature;
  }
  return { query, responses, ranks, ...extra };
}

function parsePreference(fields: Fields): Ranking {
  return {
    query: messageField(fields, 'prompt'),
    responses: [messageField(fields, 'chosen'), messageField(fields, 'rejected')],
    ranks: [1, 2],
  };
}

/** A text, or chat messages [{role, content}, …], whose contents are joined by a line break. */
function messageField(fields: Fields, name: string): string {
  const value = fields[name];
  if (!Array.isArray(value)) return textField(fields, name);
  if (value.length === 0) throw new Error(`"${name}" is an empty list of messages`);
  return value
    .map((message: Fields | null, i) => {
      if (!isText(message?.content)) {
        throw new Error(`"${name}"[${i}] is ${shown(message)}; expected a message with a role and a content`);
      }
      return message.content;
    })
    .join('\n');
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isRank = (value: unknown): value is number => isNumber(value) && Number.isInteger(value) && value >= 1;

function listField<Item>(
  fields: Fields,
  name: string,
  isItem: (value: unknown) => value is Item,
  items: string,
): Item[] {
  const value = fields[name];
  if (value === undefined) throw new Error(`"${name}" is missing`);
  if (!Array.isArray(value)) throw new Error(`"${name}" is ${shown(value)}; expected a list of ${items}`);
  return value.map((item: unknown, i) => {
    if (!isItem(item)) throw new Error(`"${name}"[${i}] is ${shown(item)}; expected a list of ${items}`);
    return item;
  });
}

function sameLength<Item>(name: string, items: Item[], responses: readonly string[]): Item[] {
  if (items.length === responses.length) return items;
  throw new Error(`"${name}" has ${items.length} entries for ${responses.length} responses`);
}
