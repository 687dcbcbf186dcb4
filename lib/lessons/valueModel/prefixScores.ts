/** A reward model and a value model on the same prefixes: the one was asked about whole responses, the other about these. */
import { encodeRankings, scoreRankings } from '../../algorithms/trainRewardModel';
import type { Random } from '../../math/random';
import { mean } from '../../math/statistics';
import type { RewardModel } from '../../models/rewardModel';
import type { Tokenizer } from '../../models/tokenizer';
import type { ValueModel } from '../../models/valueModel';
import { annotate } from '../../tasks/annotators';
import type { Ranking } from '../../tasks/rankings';
import type { PossibleResponse } from './additionAnswers';
import { compareValues } from './compareValues';

/**
 * Rankings of all responses to each question, whatever their probability: annotators see the rewards through noise.
 * @param annotators rankings of each question
 */
export function rankAnswers(
  questions: readonly (readonly PossibleResponse[])[],
  annotators: number,
  temperature: number,
  random: Random,
): Ranking[] {
  return questions.flatMap((responses, q) =>
    Array.from({ length: annotators }, (_, annotator): Ranking => {
      const qualities = responses.map(({ reward }) => reward);
      return {
        query: responses[0]!.query,
        responses: responses.map(({ response }) => response),
        ranks: annotate(qualities, temperature, random.split(q).split(annotator)),
        qualities,
        temperature,
      };
    }),
  );
}

export interface PrefixScoreRow {
  readonly query: string;
  readonly response: string;
  readonly prefix: string;
  readonly token: string;
  /** Counts from 1. */
  readonly position: number;
  readonly whole: boolean;
  /** The reward that this response earns in the end. */
  readonly reward: number;
  /**
   * The reward model's score of the prefix as if it were a response, in the unit of the reward: times the annotators'
   * temperature, and moved so that whole responses have the right mean, since only differences mean something.
   */
  readonly reward_model: number;
  readonly value_model: number;
  /** The return to be expected after the prefix. */
  readonly expected: number;
}

/** Every prefix of every response to one query. */
export async function prefixScores(
  rewardModel: RewardModel,
  valueModel: ValueModel,
  tokenizer: Tokenizer,
  responses: readonly PossibleResponse[],
  { discount, temperature }: { readonly discount: number; readonly temperature: number },
): Promise<PrefixScoreRow[]> {
  const values = await compareValues(valueModel, tokenizer, responses, discount);
  const prefixes = values.map(({ prefix }) => prefix);
  const asRanking = {
    query: responses[0]!.query,
    responses: prefixes,
    ranks: prefixes.map((_, k) => k + 1),
  };
  const [scores] = await scoreRankings(rewardModel, encodeRankings(tokenizer, [asRanking]));
  const isWhole = ({ prefix, response }: (typeof values)[number]) => prefix === response;
  const level =
    mean(responses.map(({ reward }) => reward)) -
    temperature * mean(scores!.filter((_, i) => isWhole(values[i]!)));
  return values.map((row, i) => ({
    query: row.query,
    response: row.response,
    prefix: row.prefix,
    token: row.token,
    position: row.position,
    whole: isWhole(row),
    reward: responses.find(({ response }) => response === row.response)!.reward,
    reward_model: level + temperature * scores![i]!,
    value_model: row.predicted,
    expected: row.expected,
  }));
}
