export interface GaeConfig {
  /** γ in [0, 1]. */
  readonly discount: number;
  /** λ in [0, 1]: 0 trusts the critic (one step), 1 the rewards (the whole return). */
  readonly lambda: number;
}

/**
 * Generalized advantage estimates of one trajectory.
 *   δ_t = r_t + γ V(s_{t+1}) − V(s_t),  Â_t = δ_t + γλ Â_{t+1}
 * Schulman et al. 2015, eq. 11 and 16, arXiv:1506.02438. Advantage plus value is the return that the critic learns.
 * @param rewards   r_1 … r_T
 * @param values    V(s_1) … V(s_T), the value before each action
 * @param lastValue V(s_{T+1}): 0 where the trajectory ended
 */
export function generalizedAdvantages(
  rewards: readonly number[],
  values: readonly number[],
  { discount, lambda }: GaeConfig,
  lastValue = 0,
): number[] {
  for (const [name, value] of Object.entries({ discount, lambda })) {
    if (!(value >= 0 && value <= 1)) throw new Error(`${name} is ${value}; expected a number from 0 to 1.`);
  }
  if (values.length !== rewards.length) {
    throw new Error(`there are ${values.length} values for ${rewards.length} rewards; expected as many.`);
  }
  const advantages = new Array<number>(rewards.length);
  let nextValue = lastValue;
  let later = 0;
  for (let t = rewards.length - 1; t >= 0; t--) {
    const residual = rewards[t]! + discount * nextValue - values[t]!;
    later = residual + discount * lambda * later;
    advantages[t] = later;
    nextValue = values[t]!;
  }
  return advantages;
}
