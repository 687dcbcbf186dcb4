/** Advantages by a critic: what an action earned beyond what was expected before it. */
import { generalizedAdvantages } from '../advantages/generalizedAdvantages';
import { tf } from '../engine/tensorflow';
import { explainedVariance, mean } from '../math/statistics';
import type { Critic, States } from '../models/policy';
import type { Rollout } from './rollout';
import { unpadRows } from './rows';

export interface CriticAdvantages {
  /** V(s_t), what the critic expected before each action. */
  readonly values: readonly (readonly number[])[];
  readonly advantages: readonly (readonly number[])[];
  /** What the critic is to learn: advantage + value. */
  readonly returns: readonly (readonly number[])[];
}

/** GAE(γ, λ) of each trajectory. Cut-off trajectories count as ended: what the task gives for them is all there is. */
export async function criticAdvantages<S extends States>(
  critic: Critic<S>,
  { states, actions, trajectories }: Rollout<S>,
  rewards: readonly (readonly number[])[],
  config: { readonly discount: number; readonly lambda: number },
): Promise<CriticAdvantages> {
  const tensor = tf.tidy(() => critic.values(states, actions.shape[1]));
  const values = await unpadRows(tensor, trajectories);
  tensor.dispose();
  const advantages = rewards.map((row, b) => generalizedAdvantages(row, values[b]!, config));
  const returns = advantages.map((row, b) => row.map((advantage, t) => advantage + values[b]![t]!));
  return { values, advantages, returns };
}

/** How well a critic foresaw the returns, before it is trained on them. */
export function criticFit(
  values: readonly (readonly number[])[],
  returns: readonly (readonly number[])[],
): { readonly value_loss: number; readonly explained_variance: number } {
  const [expected, came] = [values.flat(), returns.flat()];
  return {
    value_loss: mean(came.map((value, i) => (value - expected[i]!) ** 2)),
    explained_variance: explainedVariance(came, expected),
  };
}
