/** Questions to a language model: its actions are tokens, and a response is rewarded when it is complete. */
import { tf } from '../../engine/tensorflow';
import { InputError } from '../../errors/inputError';
import type { Random } from '../../math/random';
import { seededRandom } from '../../math/random';
import { mean } from '../../math/statistics';
import type { GptPolicy, TokenStates } from '../../models/gptPolicy';
import type { Tokenizer } from '../../models/tokenizer';
import type { CombinedReward, Completion } from '../../tasks/reward';
import { promptOf, respond } from './respond';
import type { Evaluation, Rollout, RolloutRequest, Task, Trajectory } from './rollout';

export interface LanguageTaskConfig {
  readonly tokenizer: Tokenizer;
  /** The queries that rollouts draw from, none of them twice in a rollout. */
  readonly queries: readonly string[];
  /** The queries that an evaluation answers; those of the rollouts where none are named. */
  readonly evaluationQueries?: readonly string[];
  readonly reward: CombinedReward;
  /** Whether a response answers its query: what accuracy counts. */
  readonly isCorrect: (completion: Completion) => boolean;
  /** Longest response, the end token included. */
  readonly maxTokens: number;
}

export function languageTask(config: LanguageTaskConfig): Task<TokenStates> {
  const { tokenizer, queries, evaluationQueries = queries, reward, isCorrect, maxTokens } = config;
  const lengths = [...queries, ...evaluationQueries].map((query) => promptOf(tokenizer, query).length);
  const promptLength = lengths.reduce((longest, length) => Math.max(longest, length), 0);

  async function rollOut(
    policy: GptPolicy,
    { queries: count, groupSize, temperature }: RolloutRequest,
    random: Random,
  ): Promise<Rollout<TokenStates>> {
    if (count > queries.length) {
      throw new InputError(`a rollout asks ${count} queries, but the task has ${queries.length}.`);
    }
    const drawn = random.split('queries').permutation(queries.length).slice(0, count);
    const asked = drawn.map((i) => queries[i]!);
    const options = { maxTokens, temperature, groupSize };
    const noise = random.split('tokens');
    const responses = await respond(policy, tokenizer, asked, promptLength, options, noise);
    const { completions, tokens, ...tensors } = responses;
    const { total, scores } = await reward.score(completions).catch((error: unknown) => {
      tf.dispose(tensors as unknown as tf.TensorContainer);
      throw error;
    });
    const trajectories = completions.map((completion, b): Trajectory => {
      const rewards = new Array<number>(completion.tokens).fill(0);
      rewards[completion.tokens - 1] = total[b]!;
      const { query, response, ended } = completion;
      return { query, response, ended, actions: tokens[b]!, rewards, scores: scores[b]! };
    });
    return { ...tensors, trajectories };
  }

  /** Greedy answers to all evaluation queries. */
  async function evaluate(policy: GptPolicy): Promise<Evaluation> {
    const options = { maxTokens, temperature: 0 };
    const unused = seededRandom(0);
    const responses = await respond(policy, tokenizer, evaluationQueries, promptLength, options, unused);
    const { completions, tokens: _, ...tensors } = responses;
    tf.dispose(tensors as unknown as tf.TensorContainer);
    const { total } = await reward.score(completions);
    return {
      accuracy: mean(completions.map((completion) => (isCorrect(completion) ? 1 : 0))),
      reward: mean(total),
      length: mean(completions.map(({ tokens }) => tokens)),
    };
  }

  return { name: 'language', rollOut, evaluate };
}
