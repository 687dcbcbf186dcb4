import { beforeAll, expect, it } from 'vitest';
import { ready, tf } from '../../../lib/engine/tensorflow';
import { type RewardModelRunRow, rewardModelRuns } from '../../../lib/lessons/rewardModel/rewardModelRuns';
import { rankSums } from '../../../lib/lessons/rewardModel/sumRankings';
import { seededRandom } from '../../../lib/math/random';
import { createGptPolicy } from '../../../lib/models/gptPolicy';
import { createTokenizer } from '../../../lib/models/tokenizer';

beforeAll(() => ready);

it('trains each setting from each seed, counts what it holds, and leaves nothing behind', async () => {
  const queries = ['What is 1+2?', 'What is 2+2?'];
  const sums = { annotators: 3, responses: 3, largest: 5, temperature: 0.1 };
  const heldOut = rankSums(queries, sums, seededRandom(9));
  const tokenizer = createTokenizer(['What is 0+1+2+3+4+5?'], 'symbols');
  const size = {
    vocabularySize: tokenizer.vocabulary.length,
    contextLength: 16,
    layers: 1,
    heads: 2,
    width: 8,
  };
  const trunk = createGptPolicy(size, seededRandom(1));
  const trial = {
    tokenizer,
    trunk,
    train: (seed: number) => rankSums(queries, sums, seededRandom(seed)),
    heldOut,
  };
  const base = {
    steps: 2,
    batchSize: 2,
    learningRate: 0.01,
    warmupSteps: 0,
    maxGradNorm: 1,
    evaluateEvery: 2,
  };
  const settings = {
    whole: { ...base, trained: 'whole' },
    head: { ...base, trained: 'head', rankings: 2 },
  } as const;
  const before = tf.memory().numTensors;
  const rows: RewardModelRunRow[] = [];
  for await (const row of rewardModelRuns(trial, settings, [1, 2])) rows.push(row);
  expect(tf.memory().numTensors).toBe(before);
  expect(rows.map(({ seed, setting, step }) => `${seed} ${setting} ${step}`)).toEqual(
    [1, 2].flatMap((seed) => ['whole 1', 'whole 2', 'head 1', 'head 2'].map((name) => `${seed} ${name}`)),
  );
  const [whole, head] = [rows[1]!, rows[3]!];
  expect(whole.rankings).toBe(6);
  expect(head).toMatchObject({ rankings: 2, trained_parameters: 9, parameters: whole.parameters });
  expect(whole.bytes).toBe(16 * whole.parameters);
  expect(head.bytes).toBe(4 * (head.parameters + 3 * 9));
  expect(rows.map(({ held_out_lead }) => held_out_lead === null)).toEqual(rows.map(({ step }) => step === 1));
});
