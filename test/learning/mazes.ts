/**
 * Does each algorithm find out of each maze? Five seeds each, or those named:
 *   node -r ./lib/workspace/typescriptModules.cjs test/learning/mazes.ts [algorithms] [mazes] [seeds]
 * A maze counts as solved from a start when the likeliest actions lead out within two steps of the shortest way.
 */
import { join } from 'node:path';
import process from 'node:process';
import { type GrpoConfig, grpo } from '../../lib/algorithms/grpo';
import { type PpoConfig, ppo } from '../../lib/algorithms/ppo';
import { mazeTask } from '../../lib/algorithms/rollouts/mazeTask';
import { type TrpoConfig, trpo } from '../../lib/algorithms/trpo';
import { ready } from '../../lib/engine/tensorflow';
import { mazeModels } from '../../lib/experiments/mazeSettings';
import { seededRandom } from '../../lib/math/random';
import { readMaze } from '../../lib/tasks/maze';
import { reportTo, staysAbove } from './report';

const sampling = { queries: 16, groupSize: 8, temperature: 1, evaluateEvery: 10 };
const optimizer = { warmupSteps: 0, schedule: 'constant', maxGradNorm: 1 } as const;

const grpoConfig: GrpoConfig = {
  ...sampling,
  ...optimizer,
  steps: 300,
  learningRate: 0.02,
  baseline: 'mean',
  scale: 'group',
  ddof: 1,
  scaleEpsilon: 1e-4,
  clipLow: 0.2,
  clipHigh: 0.2,
  klCoefficient: 0,
  aggregation: 'token-mean',
  epochs: 4,
  minibatches: 1,
  maxRollouts: 1,
};

const ppoConfig: PpoConfig = {
  ...sampling,
  ...optimizer,
  steps: 100,
  learningRate: 0.05,
  clipLow: 0.2,
  clipHigh: 0.2,
  klCoefficient: 0,
  klControl: 'fixed',
  klTarget: 1,
  klHorizon: 1,
  epochs: 4,
  minibatches: 4,
  discount: 0.99,
  lambda: 0.95,
  whitening: { ddof: 1, epsilon: 1e-8, form: 'deviation' },
  whitenOver: 'minibatch',
  entropyCoefficient: 0.01,
  valueLearningRate: 0.05,
  valueClipRange: null,
  valueClipForm: 'max',
  klStop: null,
};

const trpoConfig: TrpoConfig = {
  ...sampling,
  steps: 100,
  maxKl: 0.02,
  damping: 0.001,
  conjugateGradientSteps: 10,
  lineSearchSteps: 10,
  backtrackFactor: 0.8,
  discount: 0.99,
  lambda: 0.97,
  whitening: { ddof: 0, epsilon: 0, form: 'deviation' },
  valueSteps: 20,
  valueLearningRate: 0.05,
};

async function learn(algorithm: string, name: string, seed: number) {
  const maze = await readMaze(join('data/mazes', `${name}.txt`));
  const task = mazeTask({ maze, maxSteps: 64 });
  const random = seededRandom(seed);
  const models = mazeModels(maze, random);
  const { policy } = models;
  const train = random.split('train');
  const before = (await task.evaluate(policy)).accuracy;
  const start = Date.now();
  const loop = {
    grpo: () => grpo(task, policy, null, grpoConfig, train),
    ppo: () => ppo(task, models, ppoConfig, train),
    trpo: () => trpo(task, models, trpoConfig, train),
  }[algorithm];
  if (!loop) throw new Error(`no algorithm is named "${algorithm}"`);
  const curve = [];
  for await (const { step, accuracy } of loop()) curve.push({ step, accuracy });
  const seconds = (Date.now() - start) / 1000;
  const { accuracy, length, reward } = await task.evaluate(policy);
  const solved_at = staysAbove(0.95, curve);
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
    for (const algorithm of algorithms.split(',')) {
      for (const seed of seeds.split(',')) report(await learn(algorithm, name, Number(seed)));
    }
  }
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
