import { beforeAll, expect, it } from 'vitest';
import type { CompletionRow } from '../../../lib/algorithms/rollouts/completionRows';
import { newMemory } from '../../../lib/algorithms/updates/memory';
import { ready, tf } from '../../../lib/engine/tensorflow';
import { readAssistant } from '../../../lib/experiments/assistant';
import { planSweep } from '../../../lib/experiments/config/planSweep';
import { algorithmNamed } from '../../../lib/experiments/definitions/algorithms';
import {
  assistantAnswers,
  gainRows,
  judgedAdditions,
  lastAnswers,
  proxyAndGold,
} from '../../../lib/lessons/rewardModel/overoptimization';
import { seededRandom } from '../../../lib/math/random';
import { disposeParameters } from '../../../lib/models/parameters';
import { createRewardModel } from '../../../lib/models/rewardModel';

beforeAll(() => ready);

it('starts at the assistant itself, moves away from it, and leaves nothing behind', async () => {
  const assistant = await readAssistant();
  const model = createRewardModel(assistant.policy.config, seededRandom(1));
  const judge = { model, tokenizer: assistant.tokenizer };
  const set = { steps: 2, queries: 4, groupSize: 4, warmupSteps: 0 };
  const request = { task: judgedAdditions('weak-judge', judge), algorithm: 'grpo', seeds: [2], set };
  const [spec] = planSweep(request).specs;
  const open = await request.task.open(seededRandom(2));
  const before = tf.memory().numTensors;
  const completions: CompletionRow[] = [];
  const attachments = { memory: newMemory(), inspection: { completions, every: 1 } };
  const loop = algorithmNamed('grpo').train(open, spec!.config, seededRandom(2), attachments);
  const steps = [];
  for await (const row of loop) steps.push(Object.assign({}, row, { seed: 2 }));
  const answers = await assistantAnswers(assistant, judge, 2, seededRandom(3));
  expect(tf.memory().numTensors).toBe(before);
  for (const { parameters } of [open.policy, open.critic]) disposeParameters(parameters);

  const rows = proxyAndGold(steps);
  expect(rows.map(({ seed, step }) => [seed, step])).toEqual([
    [2, 1],
    [2, 2],
  ]);
  // the same logits, up to the rounding of float32
  expect(rows[0]!.kl).toBeCloseTo(0, 6);
  expect(rows[1]!.kl).toBeGreaterThan(1e-4);
  const last = lastAnswers(completions);
  expect(last).toHaveLength(16);
  expect(answers).toHaveLength(2 * assistant.questions.length);
  for (const { gold } of [...last, ...answers]) expect([0, 4]).toContain(gold);
});

it('gives runs with another judge another id', async () => {
  const { policy, tokenizer } = await readAssistant();
  const idWith = (seed: number) => {
    const judge = { model: createRewardModel(policy.config, seededRandom(seed)), tokenizer };
    return planSweep({ task: judgedAdditions('weak-judge', judge), algorithm: 'grpo', seeds: [1] }).specs[0]!
      .id;
  };
  expect(idWith(1)).toBe(idWith(1));
  expect(idWith(2)).not.toBe(idWith(1));
});

it('sets the gains of all seeds at the mean distance of their step, in its order', () => {
  const row = (seed: number, step: number, distance: number, proxy: number, gold: number) => ({
    seed,
    step,
    kl: distance ** 2,
    distance,
    proxy,
    gold,
  });
  const rows = [
    row(1, 1, 0, 1, 2),
    row(1, 2, 3, 2, 2.5),
    row(1, 3, 1, 4, 1),
    row(2, 1, 0, 0, 2),
    row(2, 2, 5, 3, 1),
    row(2, 3, 2, 1, 2),
  ];
  const gains = gainRows([...rows, row(1, 4, 9, 9, 9)]);
  expect(gains.map(({ step, seed, distance, reward, gain }) => [step, seed, distance, reward, gain])).toEqual(
    [
      [1, 1, 0, 'proxy', 0],
      [1, 1, 0, 'gold', 0],
      [1, 2, 0, 'proxy', 0],
      [1, 2, 0, 'gold', 0],
      [3, 1, 1.5, 'proxy', 3],
      [3, 1, 1.5, 'gold', -1],
      [3, 2, 1.5, 'proxy', 1],
      [3, 2, 1.5, 'gold', 0],
      [2, 1, 4, 'proxy', 1],
      [2, 1, 4, 'gold', 0.5],
      [2, 2, 4, 'proxy', 3],
      [2, 2, 4, 'gold', -1],
    ],
  );
});
