import { afterEach, describe, expect, it } from 'vitest';
import {
  encodeRankings,
  type RewardModelConfig,
  type RewardModelRow,
  scoreRankings,
  trainRewardModel,
} from '../../lib/algorithms/trainRewardModel';
import { Interrupted, interruptedKey } from '../../lib/engine/interrupt';
import { tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { createGptPolicy } from '../../lib/models/gptPolicy';
import { disposeParameters } from '../../lib/models/parameters';
import { createRewardModel } from '../../lib/models/rewardModel';
import { createTokenizer } from '../../lib/models/tokenizer';
import { pairwiseAccuracy, type Ranking } from '../../lib/tasks/rankings';
import { expectClose } from '../close';

const rankings: Ranking[] = ['red', 'green', 'blue', 'black'].map((colour) => ({
  query: `Say ${colour}`,
  responses: ['grey', colour, 'nothing at all'],
  ranks: [2, 1, 3],
}));
const tokenizer = createTokenizer(
  rankings.flatMap(({ query, responses }) => [query, ...responses]),
  'words',
);
const encoded = encodeRankings(tokenizer, rankings);
const config = {
  steps: 60,
  batchSize: 3,
  learningRate: 1e-2,
  warmupSteps: 5,
  weightDecay: 0.01,
  maxGradNorm: 1,
  evaluateEvery: 25,
};
const shape = {
  vocabularySize: tokenizer.vocabulary.length,
  contextLength: 7,
  layers: 1,
  heads: 2,
  width: 8,
};

async function run(seed: number, changes: Partial<RewardModelConfig> = {}, data = encoded) {
  const random = seededRandom(seed);
  const model = createRewardModel(shape, random.split('model'));
  const rows: RewardModelRow[] = [];
  const loop = trainRewardModel(model, data, data, { ...config, ...changes }, random.split('batches'));
  for await (const row of loop) rows.push(row);
  const scores = await scoreRankings(model, data);
  model.parameters.vector.dispose();
  return { rows, scores };
}

const globals = globalThis as { [interruptedKey]?: (() => boolean) | undefined };
afterEach(() => {
  globals[interruptedKey] = undefined;
});

describe('trainRewardModel', () => {
  it('learns to order the responses, and tells of each step', async () => {
    const { rows, scores } = await run(1);
    expect(rows.map(({ step }) => step)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(rows[0]!.loss).toBeGreaterThan(0.3);
    expect(rows.at(-1)!.loss).toBeLessThan(0.05);
    expect(pairwiseAccuracy(scores, rankings)).toBe(1);
    const evaluated = rows.filter(({ held_out_accuracy }) => held_out_accuracy !== null);
    expect(evaluated.map(({ step }) => step)).toEqual([25, 50, 60]);
    expect(rows.at(-1)!.held_out_accuracy).toBe(1);
    expect(rows.map(({ learning_rate }) => learning_rate).sort((a, b) => b - a)[0]).toBeLessThanOrEqual(1e-2);
  });

  it('gives the same rows for the same seed, and others for another', async () => {
    const { rows } = await run(1, { steps: 5 });
    expect((await run(1, { steps: 5 })).rows).toEqual(rows);
    expect((await run(2, { steps: 5 })).rows).not.toEqual(rows);
  });

  it('leaves no tensor behind', async () => {
    await run(1, { steps: 2 });
    const before = tf.memory().numTensors;
    await run(1, { steps: 4 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('stops at an interrupt, with the rows so far and nothing left behind', async () => {
    const before = tf.memory().numTensors;
    const random = seededRandom(1);
    const model = createRewardModel(shape, random.split('model'));
    const rows: RewardModelRow[] = [];
    const training = (async () => {
      for await (const row of trainRewardModel(model, encoded, encoded, config, random.split('batches'))) {
        rows.push(row);
        if (row.step === 3) globals[interruptedKey] = () => true;
      }
    })();
    await expect(training).rejects.toThrow(Interrupted);
    expect(rows).toHaveLength(3);
    model.parameters.vector.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes rankings of different lengths together', async () => {
    const mixed = encodeRankings(tokenizer, [
      { query: 'Say red', responses: ['red', 'grey'], ranks: [1, 2] },
      ...rankings,
    ]);
    const { scores } = await run(1, { steps: 1 }, mixed);
    expect(scores.map((row) => row.length)).toEqual([2, 3, 3, 3, 3]);
    // the same query and response score the same, whichever ranking they stand in
    expectClose(scores[0], [scores[1]![1], scores[1]![0]], 1e-5);
  });

  it('tells accuracy, margin and mean score as they follow from the scores before the update', async () => {
    const still = { steps: 1, batchSize: 4, learningRate: 0 };
    const { rows, scores } = await run(1, still);
    const leads = scores.flatMap(([second, first, third]) => [
      first! - second!,
      first! - third!,
      second! - third!,
    ]);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [row] = rows;
    expectClose(row!.margin, mean(leads), 1e-6);
    expectClose(row!.score_mean, mean(scores.flat()), 1e-6);
    expect(row!.accuracy).toBe(mean(leads.map((lead) => (lead > 0 ? 1 : 0))));
    expectClose(row!.loss, mean(leads.map((lead) => Math.log1p(Math.exp(-lead)))), 1e-6);
    // no step was taken, and what is held out is what was trained on
    expect([row!.held_out_accuracy, row!.held_out_loss]).toEqual([
      row!.accuracy,
      expect.closeTo(row!.loss, 6),
    ]);
  });

  it('asks for a margin and draws scores to the middle, as told', async () => {
    const still = { steps: 1, batchSize: 4, learningRate: 0, margin: 3, centering: 0.5 };
    const { rows, scores } = await run(1, still);
    const losses = scores.flatMap(([second, first, third]) =>
      [
        [first!, second!],
        [first!, third!],
        [second!, third!],
      ].map(([w, l]) => Math.log1p(Math.exp(3 - (w! - l!))) + 0.5 * (w! + l!) ** 2),
    );
    expectClose(rows[0]!.loss, losses.reduce((sum, loss) => sum + loss, 0) / losses.length, 1e-6);
    expectClose(rows[0]!.held_out_loss, rows[0]!.loss, 1e-6);
  });

  it.each(['bradley-terry', 'plackett-luce'] as const)(
    'measures the held-out loss of %s after the update',
    async (objective) => {
      const mixed = encodeRankings(tokenizer, [
        { query: 'Say red', responses: ['red', 'grey'], ranks: [1, 2] },
        ...rankings,
      ]);
      const { rows } = await run(1, { objective, steps: 3, batchSize: 5, evaluateEvery: 1 }, mixed);
      // each batch holds all rankings: its loss after one update is that before the next
      for (const step of [1, 2]) expectClose(rows[step - 1]!.held_out_loss, rows[step]!.loss, 1e-5);
    },
  );

  it('learns whole rankings by Plackett–Luce, with ties at their ends', async () => {
    const open = encodeRankings(tokenizer, [
      ...rankings,
      { query: 'Say red', responses: ['green', 'red', 'blue'], ranks: [2, 1, 2] },
    ]);
    const { rows, scores } = await run(1, { objective: 'plackett-luce' }, open);
    // three responses in any order, or the first of three
    expectClose(rows[0]!.loss, Math.log(6), 0.5);
    expect(rows.at(-1)!.loss).toBeLessThan(0.1);
    expect(pairwiseAccuracy(scores, open)).toBe(1);
  });

  it('refuses by its query a ranking that Plackett–Luce cannot take, before the first step', async () => {
    const tied = encodeRankings(tokenizer, [
      ...rankings,
      { query: 'Say red', responses: ['red', 'green', 'blue'], ranks: [1, 1, 2] },
    ]);
    const model = createRewardModel(shape, seededRandom(1));
    const whole = { ...config, objective: 'plackett-luce' as const };
    for (const [train, heldOut] of [
      [tied, []],
      [encoded, tied],
    ] as const) {
      await expect(trainRewardModel(model, train, heldOut, whole, seededRandom(1)).next()).rejects.toThrow(
        'the ranking of "Say red" has no order: the ranks 1, 1, 2 put two responses at 1',
      );
    }
    disposeParameters(model.parameters);
    expect((await run(1, { steps: 1 }, tied)).rows).toHaveLength(1);
    await expect(run(1, { objective: 'plackett-luce', margin: 1 })).rejects.toThrow(
      'margin is 1 and centering 0, which are of Bradley–Terry; Plackett–Luce has neither.',
    );
  });

  it.each(['head', 'whole'] as const)(
    'trains on a policy’s trunk (%s), and leaves the policy as it was',
    async (train) => {
      const random = seededRandom(1);
      const policy = createGptPolicy(shape, random.split('policy'));
      const model = createRewardModel(shape, random.split('model'), { parameters: policy.parameters, train });
      const kept = () =>
        [policy.parameters, model.parameters.frozen].map((one) => one && Array.from(one.vector.dataSync()));
      const before = kept();
      expect(model.parameters.vector.size === shape.width + 1).toBe(train === 'head');
      const rows: RewardModelRow[] = [];
      const learningRate = train === 'head' ? 0.1 : 0.01;
      const loop = trainRewardModel(model, encoded, [], { ...config, learningRate }, random.split('batches'));
      for await (const row of loop) rows.push(row);
      expect(rows.at(-1)!.loss).toBeLessThan(0.5 * rows[0]!.loss);
      expect(kept()).toEqual(before);
      // nothing was held out
      expect(rows.every((row) => row.held_out_loss === null && row.held_out_accuracy === null)).toBe(true);
      disposeParameters(policy.parameters);
      disposeParameters(model.parameters);
    },
  );

  it('stops at a loss that is not finite, with the parameters as they were and nothing left behind', async () => {
    const model = createRewardModel(shape, seededRandom(1));
    const before = tf.memory().numTensors;
    const values = () => Array.from(model.parameters.vector.dataSync());
    let kept = values();
    const far = { ...config, learningRate: 1e38, warmupSteps: 0 };
    const training = (async () => {
      for await (const _ of trainRewardModel(model, encoded, [], far, seededRandom(1))) kept = values();
    })();
    await expect(training).rejects.toThrow(/^step 2 was not taken, since its loss or its gradient/u);
    expect(values()).toEqual(kept);
    expect(tf.memory().numTensors).toBe(before);
    disposeParameters(model.parameters);
  });
});
