import { expect, it } from 'vitest';
import { mazeTask } from '../../../lib/algorithms/rollouts/mazeTask';
import { tf } from '../../../lib/engine/tensorflow';
import { mazeSettings } from '../../../lib/experiments/mazeSettings';
import { learningRateSweep, type SweepRow } from '../../../lib/lessons/policyGradient/learningRateSweep';
import { createMlpPolicy } from '../../../lib/models/mlp';
import { parseMaze } from '../../../lib/tasks/maze';

it('runs each learning rate for each seed, from the same start, and keeps no tensors', async () => {
  const maze = parseMaze('####\n#..E\n####', 'alley');
  const config = { ...mazeSettings.reinforce, queries: 2, groupSize: 2, steps: 2, evaluateEvery: 2 };
  const policyOf = (random: Parameters<typeof createMlpPolicy>[1]) =>
    createMlpPolicy({ states: maze.transitions.length, hidden: [], actions: 3 }, random.split('policy'));
  const before = tf.memory().numTensors;
  const rows: SweepRow[] = [];
  const task = mazeTask({ maze, maxSteps: 8 });
  for await (const row of learningRateSweep(task, policyOf, config, [0.1, 1], [4, 5])) rows.push(row);
  expect(rows.map(({ seed, learning_rate, step }) => [seed, learning_rate, step])).toEqual([
    [4, 0.1, 1],
    [4, 0.1, 2],
    [4, 1, 1],
    [4, 1, 2],
    [5, 0.1, 1],
    [5, 0.1, 2],
    [5, 1, 1],
    [5, 1, 2],
  ]);
  // before its first update a run does not depend on the learning rate
  expect(rows[0]!.reward).toBe(rows[2]!.reward);
  expect(tf.memory().numTensors).toBe(before);
});
