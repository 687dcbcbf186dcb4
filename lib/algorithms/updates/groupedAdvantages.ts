/** GRPO's advantages: a response's score beside those of its group, at each of its tokens. */
import { type GroupAdvantageOptions, groupAdvantages } from '../../advantages/groupAdvantages';
import { klPenalizedRewards } from '../../advantages/klPenalizedRewards';
import type { GroupRelativeOptions } from '../../losses/groupRelative';
import type { KlEstimator } from '../../losses/klDivergence';
import { scoresOf } from '../rollouts/rolloutStatistics';
import { atEachAction } from '../rollouts/rows';

export interface KlPlaceConfig {
  /**
   * Where the KL term stands: in the loss, as in DeepSeekMath, unless said; or β k1 of each token is taken from the
   * rewards before they are compared (TRL's RLOO, verl's `use_kl_in_reward`).
   */
  readonly klPlace?: 'loss' | 'reward';
}

export interface GroupedAdvantageConfig extends GroupAdvantageOptions, KlPlaceConfig {
  readonly klCoefficient: number;
}

/**
 * @param trajectories each with the rewards of its tokens, whose sum is its score; those of a group follow each other
 * @param logRatios    log π − log π_ref of each token, in nats; null without a reference
 * @returns            a row for each trajectory, of its length
 */
export function groupedAdvantages(
  trajectories: readonly { readonly rewards: readonly number[] }[],
  logRatios: readonly (readonly number[])[] | null,
  groupSize: number,
  config: GroupedAdvantageConfig,
): number[][] {
  const penalized = logRatios && config.klPlace === 'reward';
  const earned = penalized
    ? trajectories.map(({ rewards }, b) => ({
        rewards: klPenalizedRewards(rewards, logRatios[b]!, config.klCoefficient),
      }))
    : trajectories;
  return atEachAction(groupAdvantages(scoresOf(earned), groupSize, config), trajectories);
}

export interface GroupedLossConfig extends Omit<GroupRelativeOptions, 'klEstimator'>, KlPlaceConfig {
  /**
   * From the action taken, k3 unless said; or exact, over all actions: without the noise of sampling, for the logits of
   * the reference as well. Where the KL is part of the rewards it is k1.
   */
  readonly klEstimator?: KlEstimator | 'exact';
}

/** What is left to estimate in the loss: β is 0 there where the rewards have paid for it, or the KL is exact. */
export function lossOptions(config: GroupedLossConfig): GroupRelativeOptions {
  const { klEstimator = 'k3', ...others } = config;
  if (klEstimator === 'exact') return { ...others, klCoefficient: 0 };
  return { ...others, klEstimator, ...(config.klPlace === 'reward' && { klCoefficient: 0 }) };
}
