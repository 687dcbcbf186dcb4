/**
 * Does each algorithm make a half-right assistant right, by a rule and by a reward model? Five seeds each, or those named:
 *   node -r ./lib/workspace/typescriptModules.cjs test/learning/arithmetic.ts [algorithms] [rewards] [seeds] [steps]
 * All begin with the same assistant, critic and number of responses for a seed.
 */
import process from 'node:process';
import { ready } from '../../lib/engine/tensorflow';
import { additionSettings } from '../../lib/experiments/additionSettings';
import { additionTask, rightSum } from '../../lib/experiments/additionTask';
import {
  type Assistant,
  type AssistantRecipe,
  assistantModels,
  assistantRecipe,
  trainAssistant,
} from '../../lib/experiments/assistant';
import type { Configs } from '../../lib/experiments/definitions/taskDefinition';
import { judgeReward, strongJudge, type TrainedJudge, trainJudge } from '../../lib/experiments/judge';
import { solvedAt } from '../../lib/experiments/solvedAt';
import { seededRandom } from '../../lib/math/random';
import { disposeParameters } from '../../lib/models/parameters';
import { reportTo } from './report';
import { type AlgorithmName, algorithmsNamed, trainingLoop } from './trainingLoop';

/** More questions than the notebooks ask, and a larger model to answer them. */
const recipe: AssistantRecipe = {
  ...assistantRecipe,
  largest: 7,
  size: { ...assistantRecipe.size, layers: 2 },
};
const maxTokens = 8;
const judging = { ...strongJudge, steps: 1200, maxTokens };

/** The notebooks' settings with larger rollouts, and a KL term to the assistant itself. */
function settingsFor(steps: number): Pick<Configs, AlgorithmName> {
  const sampling = { queries: 32, groupSize: 8, evaluateEvery: 10, steps };
  const held = { ...sampling, warmupSteps: 10, klCoefficient: 0.04 };
  return {
    grpo: { ...additionSettings.grpo, ...held },
    ppo: { ...additionSettings.ppo, ...held },
    trpo: { ...additionSettings.trpo, ...sampling, conjugateGradientSteps: 5, valueSteps: 5 },
  };
}

async function learn(
  algorithm: AlgorithmName,
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
  const { policy, critic } = models;
  const open = { task, heldOut: unseen, ...models };
  const loop = trainingLoop(algorithm, open, settingsFor(steps), random.split('steps'));
  const before = { seen: await task.evaluate(policy), unseen: await unseen.evaluate(policy) };
  const start = Date.now();
  const curve = [];
  for await (const { step, accuracy, kl } of loop) curve.push({ step, accuracy, kl });
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
    solved_at: solvedAt(0.95, curve),
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
      for (const algorithm of algorithmsNamed(algorithms)) {
        report(await learn(algorithm, reward, seed, Number(steps), assistant, judge));
      }
    }
  }
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
