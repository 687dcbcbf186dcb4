/**
 * Does each algorithm make a half-right assistant right, by a rule and by a reward model? Five seeds each, or those named:
 *   node -r ./lib/workspace/typescriptModules.cjs test/learning/arithmetic.ts [algorithms] [rewards] [seeds] [steps]
 * All begin with the same assistant, critic and number of responses for a seed.
 */
import process from 'node:process';
import { type GrpoConfig, grpo } from '../../lib/algorithms/grpo';
import { type PpoConfig, ppo } from '../../lib/algorithms/ppo';
import { languageTask } from '../../lib/algorithms/rollouts/languageTask';
import { modelReward } from '../../lib/algorithms/rollouts/modelReward';
import { type TrpoConfig, trpo } from '../../lib/algorithms/trpo';
import { ready } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { copyGptPolicy } from '../../lib/models/gptPolicy';
import { disposeParameters } from '../../lib/models/parameters';
import { createValueModel } from '../../lib/models/valueModel';
import { additionAnswer } from '../../lib/tasks/arithmetic';
import { type Completion, combineRewards } from '../../lib/tasks/reward';
import { correctAnswer } from '../../lib/tasks/rewards/correctAnswer';
import { type Assistant, trainAssistant } from './assistant';
import { type Judge, trainJudge } from './judge';
import { reportTo, staysAbove } from './report';

const maxTokens = 8;
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

/** Below each score of the reward model, which is centred and within ±5. */
const unreadable = -10;

const gold = correctAnswer((query) => String(additionAnswer(query)));
const isCorrect = (completion: Completion) => (gold.score([completion]) as readonly number[])[0] === 1;

async function learn(
  algorithm: string,
  reward: string,
  seed: number,
  steps: number,
  assistant: Assistant,
  judge: Judge | null,
) {
  const { tokenizer, questions, heldOut } = assistant;
  const random = seededRandom(seed).split('reinforcement');
  const proxy = judge ? modelReward(judge.model, tokenizer, { unreadable }) : gold;
  const common = { tokenizer, reward: combineRewards([{ reward: proxy, weight: 1 }]), isCorrect, maxTokens };
  const task = languageTask({ ...common, queries: questions });
  const unseen = languageTask({ ...common, queries: heldOut });

  const reference = assistant.policy;
  const policy = copyGptPolicy(reference);
  const critic = createValueModel(policy.config, random.split('critic'), {
    parameters: policy.parameters,
    train: 'whole',
  });
  const models = { policy, critic, reference };
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
    const assistant = await trainAssistant(random.split('assistant'));
    for (const reward of rewards.split(',')) {
      const judge = reward === 'model' ? await trainJudge(assistant, maxTokens, random.split('judge')) : null;
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
