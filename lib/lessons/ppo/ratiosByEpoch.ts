/** One rollout of the assistant, and how far its tokens' ratios have moved after the first, second, … pass over it. */
import { type PpoConfig, type PpoRow, ppo } from '../../algorithms/ppo';
import type { TokenRow } from '../../algorithms/rollouts/tokenRows';
import { refuse } from '../../errors/inputError';
import { additionTask } from '../../experiments/additionTask';
import { type Assistant, assistantModels } from '../../experiments/assistant';
import type { Random } from '../../math/random';
import { disposeParameters } from '../../models/parameters';
import { type TokenRatios, tokenRatios } from './tokenRatios';

export interface EpochRatios extends TokenRatios {
  readonly epochs: number;
  /** KL(π_old‖π) over every token that might have come, at the rollout's states, in nats. */
  readonly exact_kl: number;
}

export interface EpochToken extends TokenRow {
  readonly epochs: number;
  /** log ρ, in nats. */
  readonly log_ratio: number;
  readonly sign: 'A > 0' | 'A ≤ 0';
}

export interface RatiosByEpoch {
  readonly rows: EpochRatios[];
  readonly tokens: EpochToken[];
  /** Of the run with one epoch. Where that is one update, its row tells what was measured before it. */
  readonly first: PpoRow;
}

/**
 * PPO's first step, once for each number of epochs: the same streams give the same rollout and the same updates, so
 * that the run with four epochs goes through the one with two.
 * @param epochs among them 1
 * @throws InputError where 1 is not
 */
export async function ratiosByEpoch(
  assistant: Assistant,
  config: PpoConfig,
  epochs: readonly number[],
  random: Random,
): Promise<RatiosByEpoch> {
  const result: { rows: EpochRatios[]; tokens: EpochToken[] } = { rows: [], tokens: [] };
  let first: PpoRow | undefined;
  for (const passes of epochs) {
    const models = assistantModels(assistant, random);
    const inspection = { tokens: [] as TokenRow[], every: 1 };
    const once = { ...config, steps: 1, epochs: passes };
    for await (const row of ppo(additionTask(assistant), models, once, random.split('train'), inspection)) {
      const { tokens } = inspection;
      result.rows.push({ epochs: passes, ...tokenRatios(tokens, config.clipHigh), exact_kl: row.update_kl! });
      result.tokens.push(
        ...tokens.map((token): EpochToken => {
          const log_ratio = token.log_prob - token.old_log_prob;
          return { ...token, epochs: passes, log_ratio, sign: token.advantage > 0 ? 'A > 0' : 'A ≤ 0' };
        }),
      );
      if (passes === 1) first = row;
    }
    for (const { parameters } of [models.policy, models.critic]) disposeParameters(parameters);
  }
  if (!first) refuse('epochs', epochs.join(', '), 'numbers with 1 among them');
  return { ...result, first };
}
