/** Advantages by a critic: what an action earned beyond what was expected before it. */
import { discountedReturns } from '../../advantages/discountedReturns';
import { type GaeConfig, generalizedAdvantages } from '../../advantages/generalizedAdvantages';
import { compiledOnce, compileEvaluation } from '../../engine/compile';
import type { tf } from '../../engine/tensorflow';
import { explainedVariance, mean } from '../../math/statistics';
import type { Critic, States } from '../../models/policy';
import type { Rollout } from '../rollouts/rollout';
import { unpadRows } from '../rollouts/rows';

export interface CriticConfig extends GaeConfig {
  /**
   * What the critic is to learn: advantage + value, the return as far as λ trusts it (TRL, verl, SB3), unless said; or
   * the discounted rewards themselves, whatever λ is (Spinning Up).
   */
  readonly valueTarget?: 'lambda-return' | 'return';
}

type NumberRows = readonly (readonly number[])[];

export interface CriticAdvantages {
  /** V(s_t), what the critic expected before each action. */
  readonly values: NumberRows;
  readonly advantages: NumberRows;
  /** What the critic is to learn. */
  readonly returns: NumberRows;
}

/** The advantages of actions whose values are known, and what the critic is to learn from them. */
export function advantagesAndReturns(
  rewards: NumberRows,
  values: NumberRows,
  config: CriticConfig,
): Omit<CriticAdvantages, 'values'> {
  const advantages = rewards.map((row, b) => generalizedAdvantages(row, values[b]!, config));
  const returns =
    config.valueTarget === 'return'
      ? rewards.map((row) => discountedReturns(row, config.discount))
      : advantages.map((row, b) => row.map((advantage, t) => advantage + values[b]![t]!));
  return { advantages, returns };
}

/** GAE(γ, λ) of each trajectory. Cut-off trajectories count as ended: what the task gives for them is all there is. */
export async function criticAdvantages<S extends States>(
  critic: Critic<S>,
  { states, actions, trajectories }: Rollout<S>,
  rewards: NumberRows,
  config: CriticConfig,
): Promise<CriticAdvantages> {
  const evaluate = compiledOnce(critic, 'values', () =>
    compileEvaluation((states: S, actions: tf.Tensor2D) => critic.values(states, actions.shape[1])),
  );
  const tensor = evaluate(states, actions);
  const values = await unpadRows(tensor, trajectories);
  tensor.dispose();
  return { values, ...advantagesAndReturns(rewards, values, config) };
}

/** How well a critic foresaw the returns, before it is trained on them. */
export function criticFit(
  values: NumberRows,
  returns: NumberRows,
): { readonly value_loss: number; readonly explained_variance: number } {
  const [expected, came] = [values.flat(), returns.flat()];
  return {
    value_loss: mean(came.map((value, i) => (value - expected[i]!) ** 2)),
    explained_variance: explainedVariance(came, expected),
  };
}
