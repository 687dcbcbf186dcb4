import { expect, it } from 'vitest';
import { disposeRollout } from '../../../lib/algorithms/rollouts/rollout';
import { ready } from '../../../lib/engine/tensorflow';
import { additionSettings } from '../../../lib/experiments/additionSettings';
import { additionTask } from '../../../lib/experiments/additionTask';
import {
  assistantCorpora,
  assistantRecipe,
  fineTuning,
  pretraining,
  untrainedAssistant,
} from '../../../lib/experiments/assistant';
import { sampledTokens } from '../../../lib/lessons/languagePolicy/sampledTokens';
import { temperatureRows } from '../../../lib/lessons/languagePolicy/temperatures';
import { tokenSteps } from '../../../lib/lessons/languagePolicy/tokenSteps';
import { continuations } from '../../../lib/lessons/stages/continuations';
import { rightAnswers } from '../../../lib/lessons/stages/rightAnswers';
import {
  answerTable,
  greedyAnswers,
  type StageModel,
  type StageRow,
  stageNames,
  stageResults,
  trainCurricula,
  trainStages,
} from '../../../lib/lessons/stages/stages';
import { seededRandom } from '../../../lib/math/random';
import { copyGptPolicy } from '../../../lib/models/gptPolicy';
import { expectClose } from '../../close';

const recipe = {
  ...assistantRecipe,
  largest: 2,
  size: { contextLength: 16, layers: 1, heads: 1, width: 8 },
};
const settings = {
  pretraining: { ...pretraining, steps: 4 },
  fineTuning: { ...fineTuning, steps: 3 },
  grpo: { ...additionSettings.grpo, steps: 1, queries: 2, groupSize: 2 },
  evaluations: 2,
};

async function train() {
  await ready;
  const random = seededRandom(1);
  const corpora = assistantCorpora(random, recipe);
  const policy = untrainedAssistant(corpora, random, recipe);
  const start = copyGptPolicy(policy);
  const left: StageModel[] = [];
  const rows: StageRow[] = [];
  for await (const row of trainStages(policy, corpora, stageNames, settings, random, left)) rows.push(row);
  return { corpora, policy, start, left, rows, random };
}

/** No test changes what it holds. */
let once: ReturnType<typeof train> | undefined;
const trained = () => (once ??= train());

it('measures at each start and evaluation, and hands on what a stage ends with', async () => {
  const { rows, left, policy } = await trained();
  expect(rows.map(({ stage, step, total_step }) => [stage, step, total_step])).toEqual([
    ['pre-training', 0, 0],
    ['pre-training', 2, 2],
    ['pre-training', 4, 4],
    ['fine-tuning', 0, 4],
    ['fine-tuning', 2, 6],
    ['fine-tuning', 3, 7],
    ['GRPO', 0, 7],
    ['GRPO', 1, 8],
  ]);
  expect(rows[3]!.statement_loss).toBe(rows[2]!.statement_loss);
  expect(rows[2]!.statement_loss).toBeLessThan(rows[0]!.statement_loss);
  expect(left.map(({ name }) => name)).toEqual([...stageNames]);
  expect(await left[2]!.policy.parameters.vector.data()).toEqual(await policy.parameters.vector.data());
  const results = stageResults(rows);
  expect(results.map(({ training }) => training)).toEqual([
    'random weights',
    'pre-training',
    '… and fine-tuning',
    '… and GRPO',
  ]);
  expect(results[3]!.demonstration_loss).toBe(rows.at(-1)!.demonstration_loss);
});

it('trains copies, with the stages that are asked for', async () => {
  const { corpora, start, random, rows } = await trained();
  const before = Array.from(await start.parameters.vector.data());
  const plans = [
    { name: 'one', from: start, stages: ['pre-training'] },
    { name: 'other', from: start, stages: ['fine-tuning'] },
  ] as const;
  const ends = [];
  for await (const row of trainCurricula(plans, corpora, settings, random)) ends.push(row);
  expect(ends.map(({ training }) => training)).toEqual(['one', 'other']);
  // the same seed, the same stage
  expect(ends[0]!.statement_loss).toBe(rows[2]!.statement_loss);
  expect(Array.from(await start.parameters.vector.data())).toEqual(before);
});

it('tells answers that are right and well formed from those that are right by the rule alone', async () => {
  const { corpora, policy } = await trained();
  const [query] = corpora.questions;
  const [answer] = await greedyAnswers(policy, corpora, [query!]);
  const [row] = await answerTable([{ name: 'now', policy }], corpora, [query!]);
  const mark = answer!.right ? (answer!.wellFormed ? '✓' : '(✓)') : '✗';
  expect(row).toEqual({ query, split: 'train', now: `${answer!.response || '(nothing)'} ${mark}` });
});

it('multiplies the probabilities of the right answer', async () => {
  const { corpora, policy } = await trained();
  const rows = await rightAnswers(policy, corpora, 2);
  expect(rows.filter(({ split }) => split === 'held out')).toHaveLength(corpora.heldOut.length);
  const { a, b, probability } = rows[5]!;
  const steps = await tokenSteps(policy, corpora.tokenizer, `What is ${a}+${b}?`, `${a}+${b} is ${a + b}`);
  const sum = steps.reduce((total, { in_response, log_prob }) => total + (in_response ? log_prob : 0), 0);
  expectClose(Math.log(probability), sum, 1e-5);
});

it('goes on with texts, and samples at temperatures', async () => {
  const { corpora, policy } = await trained();
  const asked = { maxTokens: 3, temperature: 0 };
  const texts = await continuations(policy, corpora.tokenizer, ['1+', ''], asked, seededRandom(1));
  expect(texts).toHaveLength(2);
  const rows = [];
  for await (const row of temperatureRows({ policy, ...corpora }, [0, 1], 4, seededRandom(1))) rows.push(row);
  expect(rows[0]).toMatchObject({ temperature: 0, distinct: 1, mixed_groups: 0, entropy: 0 });
  expect(rows[0]!.any_right).toBe(rows[0]!.accuracy);
  expect(rows[1]!.distinct).toBeGreaterThan(1);
  expect(rows[1]!.entropy).toBeGreaterThan(1);
});

it('tells how open each choice of a rollout was', async () => {
  const { corpora, policy } = await trained();
  const request = { queries: 1, groupSize: 2, temperature: 2 };
  const rollout = await additionTask(corpora).rollOut(policy, request, seededRandom(1));
  const rows = await sampledTokens(policy, rollout, 2);
  expect(rows).toHaveLength(rollout.trajectories.reduce((sum, { actions }) => sum + actions.length, 0));
  expect(rows.map(({ token }) => token)).toEqual(rollout.trajectories.flatMap(({ actions }) => actions));
  for (const { probability, log_prob, entropy } of rows) {
    expectClose(Math.log(probability), log_prob, 1e-6);
    expect(entropy).toBeLessThanOrEqual(Math.log(corpora.tokenizer.vocabulary.length) + 1e-6);
  }
  disposeRollout(rollout);
});
