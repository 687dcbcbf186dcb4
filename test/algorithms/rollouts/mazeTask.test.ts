import { describe, expect, it } from 'vitest';
import { mazeProbabilities, mazeTask } from '../../../lib/algorithms/rollouts/mazeTask';
import { disposeRollout, rolloutLogProbs } from '../../../lib/algorithms/rollouts/rollout';
import { unpadRows } from '../../../lib/algorithms/rollouts/rows';
import { tf } from '../../../lib/engine/tensorflow';
import { seededRandom } from '../../../lib/math/random';
import { mean } from '../../../lib/math/statistics';
import { type MlpPolicy, mlpPolicy } from '../../../lib/models/mlp';
import { disposeParameters } from '../../../lib/models/parameters';
import {
  type Maze,
  type MazeRewards,
  moves,
  parseMaze,
  stateName,
  stepsToExit,
} from '../../../lib/tasks/maze';
import { mazeOptimum } from '../../../lib/tasks/mazeOptimum';
import { countDraws, expectFrequencies } from '../../chiSquare';
import { expectClose } from '../../close';

const maze = parseMaze('####\n#.E#\n#.##\n####', 'corner');
const rewards: MazeRewards = { exit: 10, wall: -2, stuck: -5, step: -0.5 };
const maxSteps = 6;
const task = mazeTask({ maze, rewards, maxSteps });

/** A table of logits, [state][action]. */
function tablePolicy(states: number, logitsOf: (state: number, action: number) => number): MlpPolicy {
  const actions = moves.length;
  const logits = Array.from({ length: states * actions }, (_, i) =>
    logitsOf(Math.floor(i / actions), i % actions),
  );
  const shapes = { 'layer1.weight': [states, actions], 'layer1.bias': [actions] };
  const specification = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { shape, initial: 'zeros' as const }]),
  );
  const vector = tf.tidy(() => tf.variable(tf.tensor1d([...logits, 0, 0, 0])));
  return mlpPolicy({ states, hidden: [], actions }, { specification, vector });
}

/** Takes the given actions, nearly always. */
const decided = ({ transitions }: Maze, chosen: (state: number) => number) =>
  tablePolicy(transitions.length, (state, action) => (action === chosen(state) ? 20 : 0));

/** Some logit for each state and action. */
const logitOf = (state: number, action: number) => Math.sin(5 * state + 2 * action);
const unsure = () => tablePolicy(maze.transitions.length, logitOf);

describe('a rollout in a maze', () => {
  const request = { queries: 8, groupSize: 4, temperature: 0.7 };

  it('holds what the robot saw, did and earned, padded with 0', async () => {
    const policy = unsure();
    const rollout = await task.rollOut(policy, request, seededRandom(1));
    const { trajectories } = rollout;
    expect(trajectories).toHaveLength(32);
    expect(rollout.actions.shape).toEqual([32, maxSteps]);
    expect([rollout.actions.dtype, rollout.states.positions.dtype]).toEqual(['int32', 'int32']);
    const states = await unpadRows(rollout.states.positions, trajectories);
    const actions = await unpadRows(rollout.actions, trajectories);
    trajectories.forEach((trajectory, b) => {
      const last = actions[b]!.length - 1;
      expect(trajectory.query).toBe(stateName(maze, states[b]![0]!));
      expect(trajectory.actions).toEqual(actions[b]!.map((action) => moves[action]));
      expect(trajectory.response).toBe(trajectory.actions.join(' '));
      const events = states[b]!.map((state, t) => maze.transitions[state]![actions[b]![t]!]!);
      events.forEach((event, t) => {
        const paid = event === 'exit' ? rewards.exit : event === 'wall' ? rewards.wall : 0;
        const stuck = t === maxSteps - 1 && event !== 'exit' ? rewards.stuck : 0;
        expect(trajectory.rewards[t]).toBeCloseTo(rewards.step + paid + stuck, 12);
        if (t < last) expect(states[b]![t + 1]).toBe(event === 'wall' ? states[b]![t] : event);
      });
      expect(trajectory.ended).toBe(events[last] === 'exit');
      expect(trajectory.scores).toEqual({ exit: trajectory.ended ? 1 : 0 });
      if (!trajectory.ended) expect(trajectory.rewards).toHaveLength(maxSteps);
    });
    expect(new Set(trajectories.map(({ ended }) => ended)).size).toBe(2);
    const lengths = trajectories.map((trajectory) => trajectory.rewards.length);
    expect(await rollout.mask.array()).toEqual(
      lengths.map((length) => Array.from({ length: maxSteps }, (_, t) => (t < length ? 1 : 0))),
    );
    const outside = [rollout.states.positions, rollout.actions, rollout.logProbs].map((tensor) =>
      tf.tidy(() => tensor.mul(rollout.mask.sub(1)).abs().sum().arraySync()),
    );
    expect(outside).toEqual([0, 0, 0]);
    disposeRollout(rollout);
    disposeParameters(policy.parameters);
  });

  it("gives the log-probs of the policy's own at the temperature of the rollout", async () => {
    const policy = unsure();
    const rollout = await task.rollOut(policy, request, seededRandom(2));
    const own = rolloutLogProbs(policy, rollout, request.temperature);
    const { trajectories } = rollout;
    expectClose(await unpadRows(rollout.logProbs, trajectories), await unpadRows(own, trajectories), 1e-5);
    own.dispose();
    disposeRollout(rollout);
    disposeParameters(policy.parameters);
  });

  it('starts each walk of a group in one place, and draws the walks apart', async () => {
    const policy = unsure();
    const rollout = await task.rollOut(policy, request, seededRandom(3));
    const groups = Array.from({ length: 8 }, (_, i) => rollout.trajectories.slice(4 * i, 4 * i + 4));
    for (const group of groups) {
      expect(new Set(group.map(({ query }) => query)).size).toBe(1);
      expect(new Set(group.map(({ response }) => response)).size).toBeGreaterThan(1);
    }
    expect(new Set(groups.map(([first]) => first!.query)).size).toBeGreaterThan(2);
    disposeRollout(rollout);
    disposeParameters(policy.parameters);
  });

  it('takes each action with its probability', async () => {
    const policy = unsure();
    const many = { queries: 1000, groupSize: 2, temperature: 0.7 };
    const rollout = await task.rollOut(policy, many, seededRandom(4));
    const [starts, firsts] = [rollout.states.positions, rollout.actions].map((tensor) =>
      tf.tidy(() => tensor.slice([0, 0], [-1, 1]).flatten().arraySync() as number[]),
    ) as [number[], number[]];
    const probabilities = await mazeProbabilities(policy, maze, 0.7);
    probabilities.forEach((row, state) => {
      const logits = moves.map((_, action) => logitOf(state, action) / 0.7);
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      expectClose(
        row,
        logits.map((logit) => Math.exp(logit) / total),
        1e-5,
      );
      const taken = firsts.filter((_, b) => starts[b] === state);
      expectFrequencies(
        countDraws(taken, moves.length),
        row.map((one) => one / row.reduce((a, b) => a + b)),
      );
    });
    disposeRollout(rollout);
    disposeParameters(policy.parameters);
  });

  it('is the same for the same seed, and another for another', async () => {
    const policy = unsure();
    const responses = async (seed: number) => {
      const rollout = await task.rollOut(policy, request, seededRandom(seed));
      disposeRollout(rollout);
      return rollout.trajectories.map(({ query, response }) => `${query}: ${response}`);
    };
    expect(await responses(1)).toEqual(await responses(1));
    expect(await responses(1)).not.toEqual(await responses(2));
    disposeParameters(policy.parameters);
  });

  it('does not end where the robot is stuck', async () => {
    const policy = decided(maze, () => moves.indexOf('left'));
    const rollout = await task.rollOut(policy, request, seededRandom(5));
    for (const { ended, rewards: earned, scores } of rollout.trajectories) {
      expect(ended).toBe(false);
      expect(scores).toEqual({ exit: 0 });
      expect(earned).toEqual([-0.5, -0.5, -0.5, -0.5, -0.5, -5.5]);
    }
    disposeRollout(rollout);
    disposeParameters(policy.parameters);
  });

  it('leaves no tensors behind', async () => {
    const policy = unsure();
    const before = tf.memory().numTensors;
    disposeRollout(await task.rollOut(policy, request, seededRandom(6)));
    await task.evaluate(policy);
    expect(tf.memory().numTensors).toBe(before);
    disposeParameters(policy.parameters);
  });
});

describe('the evaluation in a maze', () => {
  it('finds that the optimum solves all starts, in the fewest steps', async () => {
    const optimum = mazeOptimum(maze, rewards, 1);
    const policy = decided(maze, (state) => optimum.actions[state]!);
    const { accuracy, reward, length } = await task.evaluate(policy);
    expect(accuracy).toBe(1);
    expect(length).toBe(mean(stepsToExit(maze)));
    expect(reward).toBeCloseTo(mean(optimum.values), 9);
    disposeParameters(policy.parameters);
  });

  it('finds that who only turns solves none', async () => {
    const policy = decided(maze, () => moves.indexOf('left'));
    const { accuracy, reward, length } = await task.evaluate(policy);
    expect([accuracy, length]).toEqual([0, maxSteps]);
    expect(reward).toBeCloseTo(maxSteps * rewards.step + rewards.stuck, 9);
    disposeParameters(policy.parameters);
  });

  it('takes a way that is two steps too long, and none that is longer', async () => {
    // turning by the left alone costs two steps where the right was shorter: four from row 3, column 2, facing west
    const byTheLeft = decided(maze, (state) =>
      moves.indexOf(state === 1 || state === 4 ? 'forward' : 'left'),
    );
    const patient = mazeTask({ maze, rewards, maxSteps: 8 });
    const { accuracy, length } = await patient.evaluate(byTheLeft);
    expect(length).toBe((4 + 1 + 2 + 3 + 5 + 6 + 7 + 8) / 8);
    expect(accuracy).toBe(7 / 8);
    disposeParameters(byTheLeft.parameters);
  });

  it('starts where the maze says', async () => {
    const marked = parseMaze('S.E', 'marked');
    const straight = decided(marked, (state) => moves.indexOf(state % 4 === 1 ? 'forward' : 'right'));
    const { accuracy, length } = await mazeTask({ maze: marked, rewards, maxSteps: 9 }).evaluate(straight);
    // facing north, east, south and west, with one, no, three and two turns
    expect(length).toBe((3 + 2 + 5 + 4) / 4);
    expect(accuracy).toBe(1);
    disposeParameters(straight.parameters);
  });
});
