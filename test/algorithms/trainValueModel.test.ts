import { describe, expect, it } from 'vitest';
import {
  type RewardedSequence,
  responseValues,
  trainValueModel,
  type ValueModelRow,
} from '../../lib/algorithms/trainValueModel';
import { tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { standardDeviation } from '../../lib/math/statistics';
import { encodeSequence } from '../../lib/models/sequences';
import { createTokenizer } from '../../lib/models/tokenizer';
import { createValueModel } from '../../lib/models/valueModel';
import { expectClose } from '../close';

const rewarded = [
  { query: 'What is 2+2?', response: '2+2 is 4', reward: 0.8 },
  { query: 'What is 3+3?', response: '3+3 is 6', reward: 0.9 },
  { query: 'What is 3+3?', response: '3+3 is 7', reward: 0.1 },
];
const tokenizer = createTokenizer(
  rewarded.flatMap(({ query, response }) => [query, response]),
  'words',
);
const examples: RewardedSequence[] = rewarded.map(({ query, response, reward }) => ({
  sequence: encodeSequence(tokenizer, query, response),
  reward,
}));
const config = {
  steps: 150,
  batchSize: 3,
  discount: 0.9,
  learningRate: 1e-2,
  warmupSteps: 10,
  maxGradNorm: 1,
};

async function run(seed: number, steps: number) {
  const random = seededRandom(seed);
  const shape = {
    vocabularySize: tokenizer.vocabulary.length,
    contextLength: 8,
    layers: 1,
    heads: 2,
    width: 16,
  };
  const model = createValueModel(shape, random.split('model'));
  const rows: ValueModelRow[] = [];
  for await (const row of trainValueModel(model, examples, { ...config, steps }, random.split('batches'))) {
    rows.push(row);
  }
  const values = await responseValues(
    model,
    examples.map(({ sequence }) => sequence),
  );
  model.parameters.vector.dispose();
  return { rows, values };
}

describe('trainValueModel', () => {
  it('comes to the discounted rewards, and to their mean where responses share a prefix', async () => {
    const { rows, values } = await run(1, config.steps);
    expect(rows).toHaveLength(config.steps);
    // What is left after 150 steps; the targets of different prefixes lie 0.07 apart and more.
    const tolerance = 0.02;
    expectClose(values[0], [0.648, 0.72, 0.8], tolerance);
    expectClose(values[1], [0.5 * 0.81, 0.5 * 0.9, 0.9], tolerance);
    expectClose(values[2], [0.5 * 0.81, 0.5 * 0.9, 0.1], tolerance);
    // the error that remains is the spread of the shared prefixes: 2 · (0.4² · 0.9² + 0.4² · 0.9⁴) over 9 tokens
    expectClose(rows.at(-1)!.loss, (2 * (0.16 * 0.81 + 0.16 * 0.6561)) / 9, 0.003);
    // all three responses are one batch, and the errors' mean is near 0
    const returns = [0.648, 0.72, 0.8, 0.729, 0.81, 0.9, 0.081, 0.09, 0.1];
    const explained = 1 - rows.at(-1)!.loss / standardDeviation(returns, 0) ** 2;
    expectClose(rows.at(-1)!.explained_variance, explained, 0.01);
  });

  it('gives the same rows for the same seed', async () => {
    const { rows } = await run(1, 5);
    expect((await run(1, 5)).rows).toEqual(rows);
    expect((await run(2, 5)).rows).not.toEqual(rows);
  });

  it('leaves no tensor behind', async () => {
    await run(1, 2);
    const before = tf.memory().numTensors;
    await run(1, 4);
    expect(tf.memory().numTensors).toBe(before);
  });
});
