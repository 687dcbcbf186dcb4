import { afterAll, beforeAll, expect, it } from 'vitest';
import { grpo } from '../../../lib/algorithms/grpo';
import { ppo } from '../../../lib/algorithms/ppo';
import { presets } from '../../../lib/algorithms/presets';
import { ready, tf } from '../../../lib/engine/tensorflow';
import { additionSettings } from '../../../lib/experiments/additionSettings';
import { additionTask } from '../../../lib/experiments/additionTask';
import { assistantCorpora, assistantModels, untrainedAssistant } from '../../../lib/experiments/assistant';
import { countedCost } from '../../../lib/lessons/grpo/criticCosts';
import { prefixErrors, prefixValues } from '../../../lib/lessons/grpo/emptyPrefix';
import { type GrpoRunRow, grpoFinishes, grpoRuns } from '../../../lib/lessons/grpo/grpoRuns';
import { seededRandom } from '../../../lib/math/random';

const random = seededRandom(1);
const corpora = assistantCorpora(random);
let assistant: Parameters<typeof additionTask>[0] & { policy: ReturnType<typeof untrainedAssistant> };
beforeAll(async () => {
  await ready;
  assistant = { ...corpora, policy: untrainedAssistant(corpora, random) };
});
afterAll(() => tf.disposeVariables());

/** By the length of a response, so that an untrained policy earns something. */
const reward = {
  name: 'length',
  score: (all: readonly { tokens: number }[]) => all.map(({ tokens }) => tokens),
};
const size = {
  steps: 2,
  evaluateEvery: 2,
  queries: 2,
  groupSize: 2,
  temperature: 1,
  learningRate: 1e-3,
  warmupSteps: 0,
  epochs: 1,
  minibatches: 1,
  maxGradNorm: 1,
} as const;

it('runs each setting from the same start and seeds, and leaves nothing behind', async () => {
  const rewarded = { reward: [{ reward, weight: 1 }] };
  const task = additionTask(assistant, rewarded);
  const trial = {
    start: assistant.policy,
    task,
    heldOut: additionTask(assistant, { ...rewarded, queries: corpora.heldOut }),
  };
  const config = { ...presets.trl.grpo, ...size };
  const before = tf.memory().numTensors;
  const rows: GrpoRunRow[] = [];
  for await (const row of grpoRuns(
    trial,
    { one: config, same: config, held: { ...config, klCoefficient: 1 } },
    [1, 2],
  ))
    rows.push(row);
  expect(tf.memory().numTensors).toBe(before);

  const of = (setting: string) =>
    rows.filter((row) => row.setting === setting).map(({ setting: _, ...row }) => row);
  expect(of('one')).toEqual(of('same'));
  expect(of('held').every(({ kl }) => kl !== null && kl >= 0)).toBe(true);
  expect(rows.map(({ seed, setting, step }) => `${seed} ${setting} ${step}`).slice(0, 3)).toEqual([
    '1 one 1',
    '1 one 2',
    '1 same 1',
  ]);
  expect(rows.filter(({ greedy_reward }) => greedy_reward !== null).every(({ step }) => step === 2)).toBe(
    true,
  );

  const finishes = grpoFinishes(rows);
  expect(finishes).toHaveLength(6);
  expect(
    finishes.every((row) => row.groups_sampled === 4 && row.best_greedy_reward === row.greedy_reward),
  ).toBe(true);
});

it('counts what a critic adds to a step', async () => {
  const task = additionTask(assistant, { reward: [{ reward, weight: 1 }] });
  const models = assistantModels(assistant, random);
  const still = { ...size, learningRate: 0, klCoefficient: 0.1, evaluateEvery: 9, epochs: 2 };
  const stream = seededRandom(1);
  const grpoRow = await countedCost('GRPO', { ...models, critic: null }, (m) =>
    grpo(task, m.policy, m.reference, { ...presets.trl.grpo, ...still }, stream),
  );
  const ppoRow = await countedCost('PPO', models, (m) =>
    ppo(task, { ...models, ...m, critic: m.critic! }, { ...additionSettings.ppo, ...still }, stream),
  );
  const [policy, critic] = [models.policy.parameters.vector.size, models.critic.parameters.vector.size];
  // the reference once, and the policy in each pass; the critic before them and in each
  expect(grpoRow).toMatchObject({
    models: 2,
    parameters: 2 * policy,
    trained_parameters: policy,
    forward_passes: 3,
    backward_passes: 2,
  });
  expect(ppoRow).toMatchObject({
    models: 3,
    parameters: 2 * policy + critic,
    forward_passes: 6,
    backward_passes: 4,
  });
  expect(ppoRow.bytes - grpoRow.bytes).toBe(4 * 4 * critic);
});

it('compares a group’s mean and a critic with the mean of many responses', async () => {
  const task = additionTask(assistant, { reward: [{ reward, weight: 1 }] });
  const { critic } = assistantModels(assistant, random);
  const rows = await prefixValues(
    task,
    assistant.policy,
    critic,
    { queries: corpora.questions.length, groupSize: 2, responses: 4 },
    seededRandom(1),
  );
  expect(rows.map(({ query }) => query).sort()).toEqual([...corpora.questions].sort());
  expect(rows.map((row) => row.expected_reward)).toEqual(
    [...rows.map((row) => row.expected_reward)].sort((a, b) => a - b),
  );
  expect(
    prefixErrors(
      [{ query: '', expected_reward: 1, standard_deviation: 2, group_mean: 0, value_model: 4 }],
      4,
    ),
  ).toEqual({
    group_mean_error: 1,
    group_mean_expected_error: 1,
    value_model_error: 3,
  });
});
