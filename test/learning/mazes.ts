/**
 * Does each algorithm find out of each maze? Five seeds each, or those named:
 *   node -r ./lib/workspace/typescriptModules.cjs test/learning/mazes.ts [algorithms] [mazes] [seeds]
 * A maze counts as solved from a start when the likeliest actions lead out within two steps of the shortest way.
 */
import { join } from 'node:path';
import process from 'node:process';
import { mazeTask } from '../../lib/algorithms/rollouts/mazeTask';
import { ready } from '../../lib/engine/tensorflow';
import type { Configs } from '../../lib/experiments/definitions/taskDefinition';
import { mazeModels, mazeSettings } from '../../lib/experiments/mazeSettings';
import { solvedAt } from '../../lib/experiments/solvedAt';
import { seededRandom } from '../../lib/math/random';
import { readMaze } from '../../lib/tasks/maze';
import { reportTo } from './report';
import { type AlgorithmName, algorithmsNamed, trainingLoop } from './trainingLoop';

const sampling = { queries: 16, groupSize: 8, temperature: 1, evaluateEvery: 10 };

/** The notebooks' settings with larger rollouts, and steps for the largest mazes. */
const settings: Pick<Configs, AlgorithmName> = {
  grpo: { ...mazeSettings.grpo, ...sampling, steps: 300, learningRate: 0.02 },
  ppo: { ...mazeSettings.ppo, ...sampling, steps: 100, minibatches: 4 },
  trpo: { ...mazeSettings.trpo, ...sampling, steps: 100, valueSteps: 20 },
};

async function learn(algorithm: AlgorithmName, name: string, seed: number) {
  const maze = await readMaze(join('data/mazes', `${name}.txt`));
  const task = mazeTask({ maze, maxSteps: 64 });
  const random = seededRandom(seed);
  const models = mazeModels(maze, random);
  const { policy } = models;
  const open = { task, heldOut: null, ...models };
  const train = random.split('train');
  const before = (await task.evaluate(policy)).accuracy;
  const start = Date.now();
  const curve = [];
  for await (const { step, accuracy } of trainingLoop(algorithm, open, settings, train))
    curve.push({ step, accuracy });
  const seconds = (Date.now() - start) / 1000;
  const { accuracy, length, reward } = await task.evaluate(policy);
  const solved_at = solvedAt(0.95, curve);
  return {
    task: name,
    algorithm,
    seed,
    accuracy_before: before,
    accuracy,
    solved_at,
    seconds,
    reward,
    length,
  };
}

async function main(
  algorithms = 'trpo,ppo,grpo',
  mazes = 'corridor,room,two-ways,halls,spiral',
  seeds = '1,2,3,4,5',
) {
  await ready;
  const report = reportTo('data/results/learning/mazes.csv');
  for (const name of mazes.split(',')) {
    for (const algorithm of algorithmsNamed(algorithms)) {
      for (const seed of seeds.split(',')) report(await learn(algorithm, name, Number(seed)));
    }
  }
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
