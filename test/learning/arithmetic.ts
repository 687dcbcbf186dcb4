/**
 * Does each algorithm make a half-right assistant right, by a rule and by a reward model? Five seeds each, or those named:
 *   node -r ./lib/workspace/typescriptModules.cjs test/learning/arithmetic.ts [algorithms] [rewards] [seeds] [steps]
 * All begin with the same assistant, critic and number of responses for a seed.
 */
import process from 'node:process';
import { type GrpoConfig, grpo } from '../../lib/algorithms/grpo';
import { type PpoConfig, ppo } from '../../lib/algorithms/ppo';
import { type TrpoConfig, trpo } from '../../lib/algorithms/trpo';
import { ready } from '../../lib/engine/tensorflow';
import { additionTask, rightSum } from '../../lib/experiments/additionTask';
import {
  type Assistant,
  type AssistantRecipe,
  assistantModels,
  assistantRecipe,
  trainAssistant,
} from '../../lib/experiments/assistant';
import { judgeReward, strongJudge, type TrainedJudge, trainJudge } from '../../lib/experiments/judge';
import { seededRandom } from '../../lib/math/random';
import { disposeParameters } from '../../lib/models/parameters';
import { reportTo, staysAbove } from './report';

/** More questions than the notebooks ask, and a larger model to answer them. */
const recipe: AssistantRecipe = {
  ...assistantRecipe,
  largest: 7,
  size: { ...assistantRecipe.size, layers: 2 },
};
const maxTokens = 8;
const judging = { ...strongJudge, steps: 1200, maxTokens };

const sampling = { queries: 32, groupSize: 8, temperature: 1, evaluateEvery: 10 };
const optimizer = { learningRate: 1e-3, warmupSteps: 10, schedule: 'linear', maxGradNorm: 1 } as const;

const grpoConfig: Omit<GrpoConfig, 'steps'> = {
  ...sampling,
  ...optimizer,
  baseline: 'mean',
  scale: 'group',
  ddof: 1,
  scaleEpsilon: 1e-4,
  clipLow: 0.2,
  clipHigh: 0.2,
  klCoefficient: 0.04,
  aggregation: 'seq-mean-token-mean',
  epochs: 2,
  minibatches: 1,
  maxRollouts: 1,
};

const ppoConfig: Omit<PpoConfig, 'steps'> = {
  ...sampling,
  ...optimizer,
  clipLow: 0.2,
  clipHigh: 0.2,
  klCoefficient: 0.04,
  klControl: 'fixed',
  klTarget: 1,
  klHorizon: 1,
  epochs: 2,
  minibatches: 2,
  discount: 1,
  lambda: 0.95,
  whitening: { ddof: 1, epsilon: 1e-8, form: 'variance' },
  whitenOver: 'rollout',
  entropyCoefficient: 0,
  valueLearningRate: 1e-3,
  valueClipRange: null,
  valueClipForm: 'max',
  klStop: null,
};

const trpoConfig: Omit<TrpoConfig, 'steps'> = {
  ...sampling,
  maxKl: 0.02,
  damping: 0.01,
  conjugateGradientSteps: 5,
  lineSearchSteps: 10,
  backtrackFactor: 0.8,
  discount: 1,
  lambda: 0.95,
  whitening: { ddof: 0, epsilon: 0, form: 'deviation' },
  valueSteps: 5,
  valueLearningRate: 2e-3,
};

async function learn(
  algorithm: string,
  reward: string,
  seed: number,
  steps: number,
  assistant: Assistant,
  judge: TrainedJudge | null,
) {
  const random = seededRandom(seed).split('reinforcement');
  const common = { reward: [{ reward: judge ? judgeReward(judge) : rightSum, weight: 1 }], maxTokens };
  const task = additionTask(assistant, common);
  const unseen = additionTask(assistant, { ...common, queries: assistant.heldOut });
  const models = assistantModels(assistant, random);
  const { policy, critic, reference } = models;
  const stream = random.split('steps');
  const loop = {
    grpo: () => grpo(task, policy, reference, { ...grpoConfig, steps }, stream),
    ppo: () => ppo(task, models, { ...ppoConfig, steps }, stream),
    trpo: () => trpo(task, models, { ...trpoConfig, steps }, stream),
  }[algorithm];
  if (!loop) throw new Error(`no algorithm is named "${algorithm}"`);

  const before = { seen: await task.evaluate(policy), unseen: await unseen.evaluate(policy) };
  const start = Date.now();
  const curve = [];
  for await (const { step, accuracy, kl } of loop()) curve.push({ step, accuracy, kl });
  const seconds = (Date.now() - start) / 1000;
  const after = { seen: await task.evaluate(policy), unseen: await unseen.evaluate(policy) };
  for (const { parameters } of [policy, critic]) disposeParameters(parameters);
  return {
    task: reward,
    algorithm,
    steps,
    seed,
    accuracy_before: before.seen.accuracy,
    accuracy: after.seen.accuracy,
    solved_at: staysAbove(0.95, curve),
    seconds,
    held_out_before: before.unseen.accuracy,
    held_out: after.unseen.accuracy,
    reward_before: before.seen.reward,
    reward: after.seen.reward,
    kl: curve.at(-1)?.kl ?? null,
    judge_accuracy: judge ? judge.accuracy : null,
  };
}

async function main(algorithms = 'trpo,ppo,grpo', rewards = 'rule,model', seeds = '1,2,3,4,5', steps = '80') {
  await ready;
  const report = reportTo('data/results/learning/arithmetic.csv');
  for (const seed of seeds.split(',').map(Number)) {
    const random = seededRandom(seed);
    const assistant = await trainAssistant(random.split('assistant'), recipe);
    for (const reward of rewards.split(',')) {
      const judge = reward === 'model' ? await trainJudge(assistant, random.split('judge'), judging) : null;
      for (const algorithm of algorithms.split(',')) {
        report(await learn(algorithm, reward, seed, Number(steps), assistant, judge));
      }
    }
  }
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
