import { beforeAll, expect, it } from 'vitest';
import { ready, tf } from '../../../lib/engine/tensorflow';
import { additionSettings } from '../../../lib/experiments/additionSettings';
import { readAssistant } from '../../../lib/experiments/assistant';
import {
  assistantAnswers,
  gainRows,
  type JudgedAnswer,
  type ProxyGoldRow,
  proxyAndGold,
} from '../../../lib/lessons/rewardModel/overoptimization';
import { seededRandom } from '../../../lib/math/random';
import { createRewardModel } from '../../../lib/models/rewardModel';

beforeAll(() => ready);

it('starts at the assistant itself, moves away from it, and leaves nothing behind', async () => {
  const assistant = await readAssistant();
  const model = createRewardModel(assistant.policy.config, seededRandom(1));
  const judge = { model, tokenizer: assistant.tokenizer };
  const before = tf.memory().numTensors;
  const config = { ...additionSettings.grpo, steps: 2, queries: 4, groupSize: 4, warmupSteps: 0 };
  const [rows, last]: [ProxyGoldRow[], JudgedAnswer[]] = [[], []];
  for await (const row of proxyAndGold(assistant, judge, config, seededRandom(2), last)) rows.push(row);
  const answers = await assistantAnswers(assistant, judge, 2, seededRandom(3));
  expect(tf.memory().numTensors).toBe(before);
  expect(rows.map(({ step }) => step)).toEqual([1, 2]);
  // the same logits, up to the rounding of float32
  expect(rows[0]!.kl).toBeCloseTo(0, 6);
  expect(rows[1]!.kl).toBeGreaterThan(1e-4);
  expect(last).toHaveLength(16);
  expect(answers).toHaveLength(2 * assistant.questions.length);
  for (const { gold } of [...last, ...answers]) expect([0, 4]).toContain(gold);
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
