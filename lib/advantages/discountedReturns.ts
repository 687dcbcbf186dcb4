/**
 * Returns of one response: the discounted sum of the rewards from each token on.
 *   G_t = r_t + γ G_{t+1},  G_{T+1} = 0
 * Sutton & Barto 2018, eq. 3.9.
 * @param rewards  r_1 … r_T, one for each token
 * @param discount γ in [0, 1]
 * @returns        G_1 … G_T
 */
export function discountedReturns(rewards: readonly number[], discount: number): number[] {
  if (!(discount >= 0 && discount <= 1)) {
    throw new Error(`the discount is ${discount}; expected a number from 0 to 1.`);
  }
  const returns = new Array<number>(rewards.length);
  let later = 0;
  for (let t = rewards.length - 1; t >= 0; t--) {
    later = rewards[t]! + discount * later;
    returns[t] = later;
  }
  return returns;
}

/**
 * The article's value targets: a response of T tokens earns its reward R at the last one, so its prefix of t tokens
 * is worth V_t = γ^(T−t) R. It is discountedReturns of the rewards 0, …, 0, R.
 * @returns V_1 … V_T
 */
export function prefixValues(reward: number, tokens: number, discount: number): number[] {
  const rewards = new Array<number>(tokens).fill(0);
  if (tokens > 0) rewards[tokens - 1] = reward;
  return discountedReturns(rewards, discount);
}
