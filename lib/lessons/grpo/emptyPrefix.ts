/** The value of the empty prefix, V(q): a group's mean reward estimates it, and a value model learns it. */
import { disposeRollout, rollOut, type Task } from '../../algorithms/rollouts/rollout';
import { scoresOf } from '../../algorithms/rollouts/rolloutStatistics';
import { unpadRows } from '../../algorithms/rollouts/rows';
import { tf } from '../../engine/tensorflow';
import type { Random } from '../../math/random';
import { mean, standardDeviation } from '../../math/statistics';
import type { GptPolicy, TokenStates } from '../../models/gptPolicy';
import type { ValueModel } from '../../models/valueModel';

export interface PrefixValueRow {
  readonly query: string;
  /** Mean reward of many responses. */
  readonly expected_reward: number;
  /** Of single responses' rewards. */
  readonly standard_deviation: number;
  /** μ of one group of G others. */
  readonly group_mean: number;
  /** What the value model says before the first token. */
  readonly value_model: number;
}

export interface PrefixValueOptions {
  /** Drawn twice, for the groups and for the many; all of the task's, so that none is missing in either. */
  readonly queries: number;
  readonly groupSize: number;
  /** Responses for each query, from which its expected reward is taken. */
  readonly responses: number;
}

/** One row a query, for a policy and a critic that was trained on its responses. */
export async function prefixValues(
  task: Task<TokenStates>,
  policy: GptPolicy,
  critic: ValueModel,
  { queries, groupSize, responses }: PrefixValueOptions,
  random: Random,
): Promise<PrefixValueRow[]> {
  const group = await sample(task, policy, { queries, groupSize }, random.split('group'));
  const many = await sample(task, policy, { queries, groupSize: responses }, random.split('many'));
  const values = tf.tidy(() => critic.values(group.rollout.states, group.rollout.actions.shape[1]));
  const before = await unpadRows(values, group.rollout.trajectories);
  values.dispose();
  const rows = many.queries.map((query): PrefixValueRow => {
    const rewards = many.rewards.get(query)!;
    const first = group.rollout.trajectories.findIndex((trajectory) => trajectory.query === query);
    return {
      query,
      expected_reward: mean(rewards),
      standard_deviation: standardDeviation(rewards, 1),
      group_mean: mean(group.rewards.get(query)!),
      value_model: before[first]![0]!,
    };
  });
  disposeRollout(group.rollout);
  disposeRollout(many.rollout);
  return rows.sort((a, b) => a.expected_reward - b.expected_reward);
}

async function sample(
  task: Task<TokenStates>,
  policy: GptPolicy,
  size: { readonly queries: number; readonly groupSize: number },
  random: Random,
) {
  const rollout = await rollOut(task, policy, { ...size, temperature: 1 }, random);
  const scores = scoresOf(rollout.trajectories);
  const rewards = new Map<string, number[]>();
  rollout.trajectories.forEach(({ query }, b) => {
    rewards.set(query, [...(rewards.get(query) ?? []), scores[b]!]);
  });
  return { rollout, rewards, queries: [...rewards.keys()] };
}

export interface PrefixErrorRow {
  /** Root mean square over the queries, in the unit of the reward. */
  readonly group_mean_error: number;
  /** What the rewards' own spread lets a group's mean be off by. */
  readonly group_mean_expected_error: number;
  readonly value_model_error: number;
}

/** How far both estimates are from the expected reward. */
export function prefixErrors(rows: readonly PrefixValueRow[], groupSize: number): PrefixErrorRow {
  const root = (errors: readonly number[]) => Math.sqrt(mean(errors.map((error) => error ** 2)));
  return {
    group_mean_error: root(rows.map((row) => row.group_mean - row.expected_reward)),
    group_mean_expected_error: root(rows.map((row) => row.standard_deviation / Math.sqrt(groupSize))),
    value_model_error: root(rows.map((row) => row.value_model - row.expected_reward)),
  };
}
