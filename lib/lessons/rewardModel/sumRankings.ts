/**
 * Rankings that the small assistant can read: sums, put in order by how near they are to the right one. Annotators see
 * the nearness through noise, so that what a perfect model would reach is known, as for data/rankings.jsonl.
 */
import { refuse } from '../../errors/inputError';
import type { Random } from '../../math/random';
import { annotate } from '../../tasks/annotators';
import { additionAnswer } from '../../tasks/arithmetic';
import type { Ranking } from '../../tasks/rankings';

export interface SumRankingOptions {
  /** Each question is ranked by this many annotators, each seeing sums of its own. */
  readonly annotators: number;
  /** Different sums in a ranking. */
  readonly responses: number;
  /** Sums are drawn from 0 … this. */
  readonly largest: number;
  /** The annotators' noise, in the unit of quality. */
  readonly temperature: number;
}

/**
 * "What is 2+3?" answered "2+3 is c" with sums c drawn at random; the quality is 1 − |c − 5|/largest.
 * In the order of annotators, so that the first n·q of the rankings of q questions rank each of them n times.
 * @throws InputError where a ranking would hold more sums than there are, or fewer than two
 */
export function rankSums(
  queries: readonly string[],
  { annotators, responses, largest, temperature }: SumRankingOptions,
  random: Random,
): Ranking[] {
  if (!(responses >= 2 && responses <= largest + 1)) {
    refuse('responses', responses, `a number from 2 to ${largest + 1}, the sums that there are`);
  }
  return Array.from({ length: annotators }, (_, annotator) =>
    queries.map((query): Ranking => {
      const stream = random.split(query).split(annotator);
      const sums = stream.permutation(largest + 1).slice(0, responses);
      const answer = additionAnswer(query);
      const qualities = sums.map((sum) => 1 - Math.abs(sum - answer) / largest);
      const addition = query.replace(/^What is (.*)\?$/u, '$1');
      return {
        query,
        responses: sums.map((sum) => `${addition} is ${sum}`),
        ranks: annotate(qualities, temperature, stream),
        kinds: sums.map((sum) => `off by ${Math.abs(sum - answer)}`),
        qualities,
        temperature,
      };
    }),
  ).flat();
}
