import { afterEach, describe, expect, it } from 'vitest';
import {
  encodeRankings,
  type RewardModelRow,
  scoreRankings,
  trainRewardModel,
} from '../../lib/algorithms/trainRewardModel';
import { Interrupted, interruptedKey } from '../../lib/engine/interrupt';
import { tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
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

async function run(seed: number, changes: Partial<typeof config> = {}, data = encoded) {
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
});
