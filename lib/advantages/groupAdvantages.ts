import { InputError } from '../errors/inputError';
import { mean, standardDeviation } from '../math/statistics';

export interface GroupAdvantageOptions {
  /** What a reward is compared with: its group's mean, the mean of the group's others (RLOO), or nothing. */
  readonly baseline: 'mean' | 'leave-one-out' | 'none';
  /** What the difference is divided by: the group's standard deviation, that of all rewards, or nothing (Dr. GRPO). */
  readonly scale: 'group' | 'batch' | 'none';
  /** 1 divides the squares by n − 1 (TRL, verl, OpenRLHF), 0 by n (numpy, GRPO-Zero). */
  readonly ddof: 0 | 1;
  /** ε, added to the standard deviation. */
  readonly scaleEpsilon: number;
}

/**
 * The advantage of each response in its group.
 *   z-score:       Â_i = (r_i − μ) / (σ + ε).  Shao et al. 2024 (DeepSeekMath), section 4.1.2, arXiv:2402.03300
 *   Dr. GRPO:      Â_i = r_i − μ.  Liu et al. 2025, arXiv:2503.20783
 *   leave-one-out: Â_i = r_i − mean of the others.  Ahmadian et al. 2024 (RLOO), arXiv:2402.14740
 * With a baseline, a group of equal rewards gets exactly 0.
 * @param rewards one for each response; the responses of a group follow each other
 * @throws        where a response alone has nothing to be compared with, and where there is nothing to divide by
 */
export function groupAdvantages(
  rewards: readonly number[],
  groupSize: number,
  { baseline, scale, ddof, scaleEpsilon }: GroupAdvantageOptions,
): number[] {
  const all = groups(rewards, groupSize);
  if (groupSize === 1 && baseline !== 'none') {
    throw new InputError(
      `groupSize is 1; expected at least 2, since a response alone has no ${baseline} to compare with.`,
    );
  }
  const batchDeviation = scale === 'batch' ? standardDeviation(rewards, ddof) : 0;
  return all.flatMap((group) => {
    if (baseline !== 'none' && isEqualGroup(group)) return group.map(() => 0);
    const center = baseline === 'none' ? 0 : mean(group);
    const factor = baseline === 'leave-one-out' ? groupSize / (groupSize - 1) : 1;
    const deviation = scale === 'group' ? standardDeviation(group, ddof) : batchDeviation;
    const divisor = scale === 'none' ? 1 : deviation + scaleEpsilon;
    if (!(divisor > 0)) {
      throw new InputError(
        `scale is "${scale}", but the standard deviation (ddof ${ddof}) plus scaleEpsilon is ${divisor}; expected a number above 0 to divide by.`,
      );
    }
    return group.map((reward) => (factor * (reward - center)) / divisor);
  });
}

/** Whether all rewards are the same, so that nothing can be learnt from comparing them. */
export function isEqualGroup(group: readonly number[]): boolean {
  return group.every((reward) => reward === group[0]);
}

/** How many groups have equal rewards. */
export function equalRewardGroups(rewards: readonly number[], groupSize: number): number {
  return groups(rewards, groupSize).filter(isEqualGroup).length;
}

function groups(rewards: readonly number[], groupSize: number): number[][] {
  if (!Number.isInteger(groupSize) || groupSize < 1 || rewards.length % groupSize !== 0) {
    throw new Error(`${rewards.length} rewards cannot be cut into groups of ${groupSize}.`);
  }
  return Array.from({ length: rewards.length / groupSize }, (_, g) =>
    rewards.slice(g * groupSize, (g + 1) * groupSize),
  );
}
