import { InputError } from '../../errors/inputError';
import type { RewardModel } from '../../models/rewardModel';
import { encodeSequence } from '../../models/sequences';
import { specialTokens, type Tokenizer } from '../../models/tokenizer';
import type { Completion, Reward } from '../../tasks/reward';
import { scoreSequences } from '../supervised/scoreSequences';

export interface ModelRewardOptions {
  /** The column of a run's rows, beside those of rules; "model" unless said. */
  readonly name?: string;
  /**
   * The score of a response that the model was never taught to read: an empty one, or one with a token that its
   * tokenizer does not know. In nats, on the scale of the model's scores; best below all of them.
   */
  readonly unreadable: number;
}

/**
 * A learned reward: the model's score of each query with its response, in nats.
 *
 * What is scored is the text, as with any rule, and always as a complete response. Special tokens that a policy wrote
 * among others are no part of the text, and a response that was cut off is scored as if it ended there: rules on
 * length and form are there to see to those. Scores of different queries share no zero unless the model was trained
 * with `centering`.
 * @throws for a query that the tokenizer does not know, and for a text beyond the model's context, which has to hold a
 *         prompt, the longest response and an end
 */
export function modelReward(
  model: RewardModel,
  tokenizer: Tokenizer,
  { name = 'model', unreadable }: ModelRewardOptions,
): Reward {
  const { contextLength } = model.config;
  const special = Object.keys(specialTokens).length;
  const known = new Set(tokenizer.vocabulary.slice(special));

  function isReadable({ response }: Completion): boolean {
    const tokens = tokenizer.split(response);
    return tokens.length > 0 && tokens.every((token) => known.has(token));
  }

  async function score(completions: readonly Completion[]): Promise<number[]> {
    const readable = completions.filter(isReadable);
    const sequences = readable.map(({ query, response }) => {
      const sequence = encodeSequence(tokenizer, query, response);
      if (sequence.ids.length <= contextLength) return sequence;
      throw new InputError(
        `"${query}" with the response "${response}" has ${sequence.ids.length} tokens; the context of the reward model holds ${contextLength}.`,
      );
    });
    const scores = await scoreSequences(model, sequences);
    const scoreOf = new Map(readable.map((completion, i) => [completion, scores[i]!]));
    return completions.map((completion) => scoreOf.get(completion) ?? unreadable);
  }

  return { name, score };
}
