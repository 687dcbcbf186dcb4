import { expect, it } from 'vitest';
import { grpo } from '../../lib/algorithms/grpo';
import { mazeTask } from '../../lib/algorithms/rollouts/mazeTask';
import { ready, tf } from '../../lib/engine/tensorflow';
import { mazeModels, mazeSettings } from '../../lib/experiments/mazeSettings';
import { stepCost } from '../../lib/lessons/stepCost';
import { seededRandom } from '../../lib/math/random';
import { disposeParameters } from '../../lib/models/parameters';
import { parseMaze } from '../../lib/tasks/maze';

const maze = parseMaze('#####\n#..E#\n#####', 'a short corridor');

it('counts a step’s kernels and bytes the same twice, and leaves no tensor', async () => {
  await ready;
  const config = { ...mazeSettings.grpo, steps: 2, queries: 2, groupSize: 2 };
  const count = async () => {
    const { policy, critic } = mazeModels(maze, seededRandom(1));
    const before = tf.memory().numTensors;
    const loop = grpo(mazeTask({ maze, maxSteps: 8 }), policy, null, config, seededRandom(1));
    const cost = await stepCost(loop);
    expect(tf.memory().numTensors).toBe(before);
    for (const { parameters } of [policy, critic]) disposeParameters(parameters);
    return cost;
  };
  const first = await count();
  expect(first.kernels).toBeGreaterThan(100);
  expect(first.peak_bytes).toBeGreaterThan(1000);
  expect(await count()).toEqual(first);
});
