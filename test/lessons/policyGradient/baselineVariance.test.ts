import { describe, expect, it } from 'vitest';
import { mazeTask } from '../../../lib/algorithms/rollouts/mazeTask';
import { rollOut, rolloutLogits } from '../../../lib/algorithms/rollouts/rollout';
import { batchOf, disposeBatch } from '../../../lib/algorithms/rollouts/rolloutBatch';
import { tf } from '../../../lib/engine/tensorflow';
import {
  advantagesOf,
  baselineRows,
  baselines,
  sampledMazeGradient,
  sampleWalks,
} from '../../../lib/lessons/policyGradient/baselineVariance';
import { valuesByActionsLeft } from '../../../lib/lessons/policyGradient/mazeGradient';
import { policyGradientLoss } from '../../../lib/losses/policyGradient';
import { seededRandom } from '../../../lib/math/random';
import { actionLogProbs } from '../../../lib/models/categorical';
import { createMlpPolicy } from '../../../lib/models/mlp';
import { moves, parseMaze, usualRewards, walk } from '../../../lib/tasks/maze';

const maze = parseMaze('####\n#..E\n#.##\n####', 'bend');
const setting = { maze, rewards: usualRewards, maxSteps: 8 };
const even = maze.transitions.map(() => moves.map(() => 1 / moves.length));

describe('advantagesOf', () => {
  const walks = sampleWalks(setting, even, { queries: 2, groupSize: 3 }, seededRandom(1));
  const values = valuesByActionsLeft(setting, even);

  it('gives each action of a walk the same, and a group together 0', () => {
    for (const baseline of ['group mean', 'leave-one-out'] as const) {
      const advantages = advantagesOf(walks, baseline, 3, values);
      expect(advantages.slice(0, 3).reduce((sum, row) => sum + row[0]!, 0)).toBeCloseTo(0, 12);
      for (const row of advantages) expect(new Set(row).size).toBe(1);
    }
  });

  it('is what is still earned, minus the value of the state with as many actions left', () => {
    const [first] = advantagesOf(walks, 'state values', 3, values);
    const { states, rewards } = walks[0]!;
    const last = states.length - 1;
    expect(first![last]).toBeCloseTo(rewards[last]! - values[8 - last]![states[last]!]!, 12);
  });
});

it('is the gradient of policyGradientLoss, summed over each walk', async () => {
  const policy = createMlpPolicy(
    { states: maze.transitions.length, hidden: [], actions: 3 },
    seededRandom(2),
  );
  policy.parameters.vector.assign(tf.zerosLike(policy.parameters.vector) as tf.Tensor1D);
  const request = { queries: 2, groupSize: 3, temperature: 1 };
  const rollout = await rollOut(mazeTask(setting), policy, request, seededRandom(5));
  const advantages = rollout.trajectories.map(({ rewards }, i) => rewards.map((_, t) => Math.sin(i + t)));
  const batch = batchOf(rollout, { advantages });
  const weights = tf
    .tidy(() => {
      const loss = () =>
        policyGradientLoss(
          actionLogProbs(rolloutLogits(policy, rollout, 1), batch.actions),
          batch.advantages,
          batch.mask,
          'seq-mean-token-sum',
        );
      const { vector } = policy.parameters;
      return Array.from(tf.variableGrads(loss, [vector]).grads[vector.name]!.dataSync());
    })
    .slice(0, 3 * maze.transitions.length);

  const positions = rollout.states.positions.arraySync();
  const actions = rollout.actions.arraySync();
  const walks = rollout.trajectories.map(({ rewards }, i) => ({
    states: rewards.map((_, t) => positions[i]![t]!),
    actions: rewards.map((_, t) => actions[i]![t]!),
    rewards,
    ended: true,
  }));
  sampledMazeGradient(even, walks, advantages)
    .flat()
    .forEach((value, p) => {
      expect(-weights[p]!).toBeCloseTo(value, 5);
    });
  disposeBatch(batch);
  policy.parameters.vector.dispose();
});

it('finds the expectation that theory says, and less variance with a better baseline', () => {
  const rows = baselineRows(setting, even, { queries: 2, groupSize: 4 }, 400, seededRandom(1));
  expect(rows.map(({ baseline }) => baseline)).toEqual([...baselines]);
  for (const { scale, scale_error, expected_scale } of rows) {
    expect(Math.abs(scale - expected_scale)).toBeLessThan(4 * scale_error);
  }
  const of = (name: string) => rows.find(({ baseline }) => baseline === name)!;
  expect(of('state values').variance).toBeLessThan(of('none').variance);
  // the same walks, all differences 3/4 as large
  const share = of('group mean').variance / of('leave-one-out').variance;
  expect(share).toBeCloseTo((3 / 4) ** 2, 10);
  expect(of('group mean').walks_needed).toBeCloseTo(of('leave-one-out').walks_needed, 8);
});

it('samples walks that a robot can walk', () => {
  const [one] = sampleWalks(setting, even, { queries: 1, groupSize: 1 }, seededRandom(9));
  let t = 0;
  const again = walk(maze, one!.states[0]!, usualRewards, 8, () => one!.actions[t++]!);
  expect(again).toEqual(one);
});
