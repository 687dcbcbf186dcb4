/**
 * Dynamic sampling: groups whose rewards are all equal teach nothing, so further queries are sampled in their place.
 * Yu et al. 2025 (DAPO), section 3.2, arXiv:2503.14476.
 */
import { isEqualGroup } from '../../advantages/groupAdvantages';
import { tf } from '../../engine/tensorflow';
import type { Random } from '../../math/random';
import type { Policy, States } from '../../models/policy';
import { disposeRollout, type Rollout, type RolloutRequest, rollOut, type Task } from './rollout';
import { scoresOf } from './rolloutStatistics';
import { type Rows, takeRows } from './rows';

export interface DynamicSamplingConfig extends RolloutRequest {
  /** Rollouts that a step may take to fill its batch; 1 is no dynamic sampling. */
  readonly maxRollouts: number;
}

export interface SampledRollout<S extends States> {
  readonly rollout: Rollout<S>;
  /** Groups sampled for it, and how many of them had equal rewards. */
  readonly groups: number;
  readonly equalGroups: number;
}

/**
 * Rolls out until `queries` groups have rewards that differ, or `maxRollouts` are spent; what is then missing is
 * filled with groups of equal rewards, so that a batch has the same shape each step.
 */
export async function rollOutVaried<S extends States>(
  task: Task<S>,
  policy: Policy<S>,
  config: DynamicSamplingConfig,
  random: Random,
): Promise<SampledRollout<S>> {
  const { queries, groupSize, maxRollouts } = config;
  const rollouts: Rollout<S>[] = [];
  const varied: number[] = [];
  const equal: number[] = [];
  try {
    do {
      const rollout = await rollOut(task, policy, config, random.split(rollouts.length));
      const scores = scoresOf(rollout.trajectories);
      for (let g = 0; g < queries; g++) {
        const group = scores.slice(g * groupSize, (g + 1) * groupSize);
        (isEqualGroup(group) ? equal : varied).push(rollouts.length * queries + g);
      }
      rollouts.push(rollout);
    } while (varied.length < queries && rollouts.length < maxRollouts);
  } catch (error) {
    rollouts.forEach(disposeRollout);
    throw error;
  }

  const counts = { groups: rollouts.length * queries, equalGroups: equal.length };
  const [only] = rollouts;
  if (rollouts.length === 1) return { rollout: only!, ...counts };
  const chosen = [...varied, ...equal].slice(0, queries);
  const rollout = takeGroups(rollouts, chosen, groupSize);
  for (const spent of rollouts) disposeRollout(spent);
  return { rollout, ...counts };
}

function takeGroups<S extends States>(
  rollouts: readonly Rollout<S>[],
  groups: readonly number[],
  groupSize: number,
): Rollout<S> {
  const rows = groups.flatMap((group) => Array.from({ length: groupSize }, (_, i) => group * groupSize + i));
  const all = rollouts.flatMap(({ trajectories }) => trajectories);
  const tensors = tf.tidy(() => {
    const parts = rollouts.map(({ trajectories: _, ...rest }): Rows => rest);
    return takeRows(concatRows(parts), rows) as tf.TensorContainer;
  }) as unknown as Omit<Rollout<S>, 'trajectories'>;
  return { ...tensors, trajectories: rows.map((row) => all[row]!) };
}

function concatRows(parts: readonly Rows[]): Rows {
  return Object.fromEntries(
    Object.entries(parts[0]!).map(([name, first]) => {
      const same = parts.map((part) => part[name]!);
      return [name, first instanceof tf.Tensor ? tf.concat(same as tf.Tensor[]) : concatRows(same as Rows[])];
    }),
  );
}
