import { expect, it } from 'vitest';
import { mazeTask } from '../../lib/algorithms/rollouts/mazeTask';
import { ready, tf } from '../../lib/engine/tensorflow';
import { algorithmNames, headToHead, trainingLoop } from '../../lib/experiments/headToHead';
import { mazeModels, mazeSettings } from '../../lib/experiments/mazeSettings';
import { stepCost } from '../../lib/lessons/stepCost';
import { seededRandom } from '../../lib/math/random';
import { disposeParameters } from '../../lib/models/parameters';
import { parseMaze } from '../../lib/tasks/maze';

const maze = parseMaze('#####\n#..E#\n#####', 'a short corridor');
const task = mazeTask({ maze, maxSteps: 8 });
const size = { steps: 2, queries: 2, groupSize: 2, evaluateEvery: 2 };
const settings = {
  trpo: { ...mazeSettings.trpo, ...size },
  ppo: { ...mazeSettings.ppo, ...size },
  grpo: { ...mazeSettings.grpo, ...size },
};
const contest = {
  task,
  heldOut: task,
  models: (random: ReturnType<typeof seededRandom>) => mazeModels(maze, random),
  settings,
};

it('runs each algorithm of each seed from the same start, evaluates what is held out at the end, and leaks nothing', async () => {
  await ready;
  const before = tf.memory().numTensors;
  const rows = [];
  for await (const row of headToHead(contest, [1, 2])) rows.push(row);
  expect(tf.memory().numTensors).toBe(before);
  expect(rows.map(({ seed, algorithm, step }) => `${seed} ${algorithm} ${step}`)).toEqual(
    [1, 2].flatMap((seed) =>
      algorithmNames.flatMap((name) => [1, 2].map((step) => `${seed} ${name} ${step}`)),
    ),
  );
  expect(rows.map(({ held_out_accuracy }) => held_out_accuracy === null)).toEqual(
    rows.map(({ step }) => step === 1),
  );
  expect(rows[1]).toMatchObject({ trajectories: 8, accuracy: rows[1]!.held_out_accuracy });
});

it('counts a step’s kernels and bytes the same twice, and leaves no tensor', async () => {
  const count = async () => {
    const models = mazeModels(maze, seededRandom(1));
    const before = tf.memory().numTensors;
    const cost = await stepCost(trainingLoop('GRPO', task, models, settings, seededRandom(1)));
    expect(tf.memory().numTensors).toBe(before);
    for (const { parameters } of [models.policy, models.critic]) disposeParameters(parameters);
    return cost;
  };
  const first = await count();
  expect(first.kernels).toBeGreaterThan(100);
  expect(first.peak_bytes).toBeGreaterThan(1000);
  expect(await count()).toEqual(first);
});
