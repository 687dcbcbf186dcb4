/** What a step's rollout tells before anything is learnt from it: the columns that all algorithms share. */
import { equalRewardGroups } from '../../advantages/groupAdvantages';
import { mean, standardDeviation } from '../../math/statistics';
import type { Trajectory } from './rollout';

export interface RolloutStatistics {
  /** Mean over the trajectories of the rewards' sum. */
  readonly reward: number;
  /** Standard deviation (n − 1) of the same over all trajectories. */
  readonly reward_std: number;
  /** The share of groups whose rewards are all equal: z-scores make nothing of them. */
  readonly frac_reward_zero_std: number;
  /** In actions, the end token included. */
  readonly length_mean: number;
  readonly length_min: number;
  readonly length_max: number;
  /** The share of trajectories that did not end by themselves. */
  readonly frac_cut_off: number;
}

/** Each trajectory's score: the sum of its rewards, discounted to its start. */
export function scoresOf(trajectories: readonly Pick<Trajectory, 'rewards'>[], discount = 1): number[] {
  return trajectories.map(({ rewards }) =>
    rewards.reduceRight((later, reward) => reward + discount * later, 0),
  );
}

export function rolloutStatistics(trajectories: readonly Trajectory[], groupSize: number): RolloutStatistics {
  const scores = scoresOf(trajectories);
  const lengths = trajectories.map(({ rewards }) => rewards.length);
  return {
    reward: mean(scores),
    reward_std: scores.length > 1 ? standardDeviation(scores, 1) : 0,
    frac_reward_zero_std: equalRewardGroups(scores, groupSize) / (scores.length / groupSize),
    length_mean: mean(lengths),
    length_min: Math.min(...lengths),
    length_max: Math.max(...lengths),
    frac_cut_off: mean(trajectories.map(({ ended }) => (ended ? 0 : 1))),
  };
}

/** Each rule's mean score, in a column `score_<name>`; one unnamed reward has none. */
export function scoreColumns(trajectories: readonly Trajectory[]): Record<string, number> {
  const names = Object.keys(trajectories[0]?.scores ?? {});
  return Object.fromEntries(
    names.map((name) => [`score_${name}`, mean(trajectories.map(({ scores }) => scores[name]!))]),
  );
}
