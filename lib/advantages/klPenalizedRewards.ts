/**
 * The rewards that a policy earns when each of its actions also pays for leaving the reference policy:
 *   r_t − β (log π(a_t|s_t) − log π_ref(a_t|s_t))
 * Ziegler et al. 2019, eq. 2, arXiv:1909.08593; as in TRL's PPO, OpenRLHF and verl.
 * @param rewards     r_1 … r_T
 * @param logRatios   log π − log π_ref of each action, in nats
 * @param coefficient β
 * @throws            where there are not as many log-ratios as rewards
 */
export function klPenalizedRewards(
  rewards: readonly number[],
  logRatios: readonly number[],
  coefficient: number,
): number[] {
  if (logRatios.length !== rewards.length) {
    throw new Error(
      `there are ${logRatios.length} log-ratios for ${rewards.length} rewards; expected as many.`,
    );
  }
  return rewards.map((reward, t) => reward - coefficient * logRatios[t]!);
}
