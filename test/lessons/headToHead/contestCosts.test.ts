import { beforeAll, expect, it } from 'vitest';
import { ready, tf } from '../../../lib/engine/tensorflow';
import { mazeExperiment } from '../../../lib/experiments/definitions/mazeExperiment';
import { contestCosts, contestSeconds } from '../../../lib/lessons/headToHead/contestCosts';
import { parseMaze } from '../../../lib/tasks/maze';

beforeAll(() => ready);

const maze = parseMaze('#####\n#..E#\n#####', 'a short corridor');
const request = {
  task: mazeExperiment({ name: 'short', maze, maxSteps: 8, reference: 'start' }),
  algorithm: ['trpo', 'ppo', 'grpo'],
  seeds: [1, 2],
  set: { steps: 20, evaluateEvery: 1, queries: 2, groupSize: 2 },
};

it('counts what each algorithm holds and what its first step takes, the same twice, and leaves no tensor', async () => {
  const before = tf.memory().numTensors;
  const costs = await contestCosts(request);
  expect(tf.memory().numTensors).toBe(before);
  // a weight for each state, and a bias
  const [inputs, moves] = [maze.transitions.length + 1, 3];
  const [policy, critic] = [inputs * moves, inputs];
  expect(
    costs.map(({ algorithm, policy_parameters, critic_parameters, optimizer_moments }) => [
      algorithm,
      policy_parameters,
      critic_parameters,
      optimizer_moments,
    ]),
  ).toEqual([
    ['TRPO', policy, critic, 2 * critic],
    ['PPO', policy, critic, 2 * (policy + critic)],
    ['GRPO', policy, 0, 2 * policy],
  ]);
  for (const { kernels } of costs) expect(kernels).toBeGreaterThan(100);
  expect(await contestCosts(request)).toEqual(costs);
});

it('times steps of each algorithm, and leaves no tensor', async () => {
  const before = tf.memory().numTensors;
  const seconds = await contestSeconds(request, 4);
  expect(tf.memory().numTensors).toBe(before);
  expect(Object.keys(seconds)).toEqual(['TRPO', 'PPO', 'GRPO']);
  for (const value of Object.values(seconds)) expect(value).toBeGreaterThan(0);
});
