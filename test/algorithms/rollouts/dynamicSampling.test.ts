import { afterEach, beforeEach, expect, it } from 'vitest';
import { rollOutVaried } from '../../../lib/algorithms/rollouts/dynamicSampling';
import { disposeRollout, type Task } from '../../../lib/algorithms/rollouts/rollout';
import { tf } from '../../../lib/engine/tensorflow';
import { seededRandom } from '../../../lib/math/random';
import { matchingPolicy, matchingTask } from '../matchingTask';
import type { NumberedStates } from '../smallPolicy';

const request = { queries: 3, groupSize: 2, temperature: 1 };

let policy: ReturnType<typeof matchingPolicy>;
let before: number;
beforeEach(() => {
  before = tf.memory().numTensors;
  policy = matchingPolicy();
});
afterEach(() => {
  policy.parameters.vector.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

/** The task with its rewards replaced, by how often it was rolled out before and by the trajectory. */
function rewarded(reward: (rollout: number, trajectory: number) => number): Task<NumberedStates> {
  const task = matchingTask();
  let rollouts = 0;
  return {
    ...task,
    async rollOut(...all) {
      const rollout = await task.rollOut(...all);
      const nth = rollouts++;
      const trajectories = rollout.trajectories.map((trajectory, b) => ({
        ...trajectory,
        query: `${nth}.${b}`,
        rewards: trajectory.rewards.map((_, t) => (t === 0 ? reward(nth, b) : 0)),
      }));
      return { ...rollout, trajectories };
    },
  };
}

const sample = (task: Task<NumberedStates>, maxRollouts: number) =>
  rollOutVaried(task, policy, { ...request, maxRollouts }, seededRandom(1));

it('takes one rollout as it comes where its groups differ, or where no more are allowed', async () => {
  const varied = await sample(
    rewarded((_, b) => b),
    5,
  );
  expect([varied.groups, varied.equalGroups]).toEqual([3, 0]);
  const equal = await sample(
    rewarded(() => 1),
    1,
  );
  expect([equal.groups, equal.equalGroups]).toEqual([3, 3]);
  for (const { rollout } of [varied, equal]) disposeRollout(rollout);
});

it('replaces groups of equal rewards, whole and in order, and fills up with them what is still missing', async () => {
  // in each rollout the middle group alone differs
  const task = rewarded((_, b) => (b === 2 ? 1 : 0));
  const { rollout, groups, equalGroups } = await sample(task, 2);
  expect([groups, equalGroups]).toEqual([6, 4]);
  const queries = rollout.trajectories.map(({ query }) => query);
  expect(queries).toEqual(['0.2', '0.3', '1.2', '1.3', '0.0', '0.1']);
  // the tensors' rows moved with the trajectories
  const lengths = tf.tidy(() => rollout.mask.sum(1).arraySync() as number[]);
  expect(lengths).toEqual(rollout.trajectories.map(({ rewards }) => rewards.length));
  const actions = rollout.actions.arraySync().map((row, b) => row.slice(0, lengths[b]).map(String));
  expect(actions).toEqual(rollout.trajectories.map(({ actions: names }) => [...names]));
  disposeRollout(rollout);
});

it('stops as soon as there are enough', async () => {
  const task = rewarded((nth, b) => (nth === 1 ? b : 0));
  const { rollout, groups, equalGroups } = await sample(task, 9);
  expect([groups, equalGroups]).toEqual([6, 3]);
  expect(rollout.trajectories.every(({ query }) => query.startsWith('1.'))).toBe(true);
  disposeRollout(rollout);
});

it('frees what it has sampled where a later rollout fails', async () => {
  const task = rewarded((nth) => (nth === 2 ? Number.NaN : 1));
  await expect(sample(task, 4)).rejects.toThrow('the reward NaN; expected a finite number');
});
