import { beforeAll, expect, it } from 'vitest';
import { trainValueModel } from '../../../lib/algorithms/trainValueModel';
import { ready } from '../../../lib/engine/tensorflow';
import { possibleResponses } from '../../../lib/lessons/valueModel/additionAnswers';
import { compareValues, rootMeanSquare } from '../../../lib/lessons/valueModel/compareValues';
import { seededRandom } from '../../../lib/math/random';
import { encodeSequence } from '../../../lib/models/sequences';
import { createTokenizer } from '../../../lib/models/tokenizer';
import { createValueModel } from '../../../lib/models/valueModel';

beforeAll(() => ready);

const answers = possibleResponses(2, 2);
const tokenizer = createTokenizer(
  answers.flatMap(({ query, response }) => [query, response]),
  'words',
);
const newModel = () =>
  createValueModel(
    { vocabularySize: tokenizer.vocabulary.length, contextLength: 12, layers: 1, heads: 2, width: 16 },
    seededRandom(3),
  );

it('sets every prefix beside its target and its expected return', async () => {
  const rows = await compareValues(newModel(), tokenizer, answers, 0.9);
  expect(rows).toHaveLength(answers.reduce((sum, { response }) => sum + response.split(' ').length, 0));
  expect(rows.slice(0, 3)).toMatchObject([
    { prefix: '2+2', token: '2+2', position: 1, target: expect.closeTo(0.648, 12) },
    {
      prefix: '2+2 is',
      token: 'is',
      position: 2,
      target: expect.closeTo(0.72, 12),
      expected: expect.closeTo(0.45, 12),
    },
    { prefix: '2+2 is 4', token: '4', position: 3, target: 0.8, expected: expect.closeTo(0.8, 12) },
  ]);
});

it('finds a trained model at the expected returns, far from the targets', async () => {
  const examples = answers.flatMap(({ query, response, reward, probability }) =>
    Array.from({ length: Math.round(10 * probability) }, () => ({
      sequence: encodeSequence(tokenizer, query, response),
      reward,
    })),
  );
  const model = newModel();
  const config = {
    steps: 150,
    batchSize: 10,
    discount: 0.9,
    learningRate: 1e-2,
    warmupSteps: 5,
    maxGradNorm: 1,
  };
  for await (const row of trainValueModel(model, examples, config, seededRandom(1))) {
    expect(row.explained_variance).toBeLessThan(1);
  }
  const rows = await compareValues(model, tokenizer, answers, 0.9);
  // the tokens' own targets lie 0.2 from their means, by root mean square
  expect(rootMeanSquare(rows, 'expected')).toBeLessThan(0.05);
  expect(rootMeanSquare(rows, 'target')).toBeGreaterThan(0.15);
});
