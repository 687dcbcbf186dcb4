import { describe, expect, it } from 'vitest';
import { tf } from '../../../lib/engine/tensorflow';
import { mazeSettings } from '../../../lib/experiments/mazeSettings';
import { learntValueRows, valueErrors } from '../../../lib/lessons/maze/learntValues';
import {
  misspecifiedRewards,
  singleRewards,
  trainVariants,
  type VariantRow,
  variantSummaries,
} from '../../../lib/lessons/maze/rewardVariants';
import { robotSlider } from '../../../lib/lessons/maze/robotSlider';
import {
  type RobotRow,
  type RobotSnapshot,
  rewardAndAccuracy,
  trainRobot,
} from '../../../lib/lessons/maze/trainRobot';
import { parseMaze, stepsToExit, usualRewards } from '../../../lib/tasks/maze';

const maze = parseMaze('..E', 'corridor');
const size = {
  queries: 8,
  groupSize: 1,
  epochs: 1,
  minibatches: 1,
  steps: 5,
  evaluateEvery: 2,
  learningRate: 0.1,
};
const robot = { maze, rewards: usualRewards, maxSteps: 12, ppo: { ...mazeSettings.ppo, ...size } };

async function run(kept: RobotSnapshot[]): Promise<RobotRow[]> {
  const rows: RobotRow[] = [];
  for await (const row of trainRobot({ ...robot, snapshots: { kept, every: 5 } }, 1)) rows.push(row);
  return rows;
}

describe('trainRobot', () => {
  it('measures before the first step, each so many, and after the last, and leaves no tensor', async () => {
    await run([]);
    const before = tf.memory().numTensors;
    const kept: RobotSnapshot[] = [];
    const rows = await run(kept);
    expect(tf.memory().numTensors).toBe(before);
    expect(rows.map(({ step }) => step)).toEqual([0, 2, 4, 5]);
    expect(kept.map(({ step }) => step)).toEqual([0, 5]);
    expect(rows.at(-1)!.reward).toBeGreaterThan(rows[0]!.reward);
    for (const { reward, share_out, actions, bumps } of rows) {
      const { exit, wall, stuck, step } = usualRewards;
      const sum = exit * share_out + wall * bumps + step * actions + stuck * (1 - share_out);
      // the probabilities are float32 and sum to 1 as well as that allows
      expect(reward).toBeCloseTo(sum, 5);
    }
    expect(await run([])).toEqual(rows);
  });

  it('leaves what can be drawn and compared with the optimum', async () => {
    const kept: RobotSnapshot[] = [];
    const rows = await run(kept);
    const start = { row: 1, column: 1, facing: 'west' };
    const figure = robotSlider(maze, kept, { start, rewards: usualRewards, maxSteps: 12, active: 5 });
    expect(figure.layout.title).toMatchObject({
      text: expect.stringMatching(/^After 5 training steps the robot is/u),
    });
    const learnt = learntValueRows(maze, kept, usualRewards, 12, 0.9);
    expect(learnt).toHaveLength(2 * maze.transitions.length);
    expect(learnt.slice(8).map((row) => row.shortest_actions)).toEqual(stepsToExit(maze));
    for (const row of learnt) {
      expect(row.policy_value).toBeLessThanOrEqual(row.optimal_value);
      expect(row.forward + row.left + row.right).toBeCloseTo(1, 6);
    }
    const [one] = learnt;
    expect(valueErrors([{ ...one!, optimal_value: 1, policy_value: 0.5, critic_value: 0.75 }])).toEqual({
      policy_from_optimum: 0.5,
      critic_from_policy: 0.25,
      critic_from_optimum: 0.25,
    });
    expect(rewardAndAccuracy(rows.map((row) => ({ seed: 1, ...row })))).toHaveLength(2 * rows.length);
  });
});

describe('reward variants', () => {
  it('leave out and mistake what their names say', () => {
    const all = { exit: 2, wall: -0.3, stuck: -4, step: -0.5 };
    const named = Object.fromEntries(
      [...singleRewards(all), ...misspecifiedRewards(all)].map(({ name, rewards }) => [name, rewards]),
    );
    expect(named).toEqual({
      exit: { exit: 2, wall: 0, stuck: 0, step: 0 },
      'exit + wall': { exit: 2, wall: -0.3, stuck: 0, step: 0 },
      'exit + stuck': { exit: 2, wall: 0, stuck: -4, step: 0 },
      'exit + step': { exit: 2, wall: 0, stuck: 0, step: -0.5 },
      'exit + wall × 10': { exit: 2, wall: -3, stuck: 0, step: 0 },
      'exit + wall × −1': { exit: 2, wall: 0.3, stuck: 0, step: 0 },
    });
  });

  it('train a robot for each variant and seed, and end with a summary of each', async () => {
    const rows: VariantRow[] = [];
    const some = singleRewards(usualRewards).slice(0, 2);
    for await (const row of trainVariants(some, robot, [1, 2])) rows.push(row);
    expect(rows).toHaveLength(2 * 2 * 4);
    const summaries = variantSummaries(rows);
    expect(summaries.map(({ rewards, seed }) => `${rewards} ${seed}`)).toEqual([
      'exit 1',
      'exit 2',
      'exit + wall 1',
      'exit + wall 2',
    ]);
    expect(summaries[3]!.bumps).toBe(rows.at(-1)!.bumps);
  });

  it('found out where 95 % of the walks first led out', () => {
    const row = (step: number, share_out: number) =>
      ({ rewards: 'all', seed: 1, step, share_out }) as VariantRow;
    expect(variantSummaries([row(0, 0.1), row(2, 0.96), row(4, 0.99)])[0]!.steps_to_95).toBe(2);
    expect(variantSummaries([row(0, 0.1)])[0]!.steps_to_95).toBeNull();
  });
});
