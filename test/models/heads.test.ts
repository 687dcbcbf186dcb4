import { expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { createRewardModel, rewardScores } from '../../lib/models/rewardModel';
import { encodeSequence, padSequences } from '../../lib/models/sequences';
import { createTokenizer } from '../../lib/models/tokenizer';
import { createValueModel, tokenValues } from '../../lib/models/valueModel';
import { expectClose } from '../close';

const config = { vocabularySize: 9, contextLength: 6, layers: 1, heads: 2, width: 8 };
const ids = () =>
  tf.tensor2d(
    [
      [3, 1, 4, 2, 0, 0],
      [3, 1, 5, 6, 7, 2],
    ],
    undefined,
    'int32',
  );

it('scores a sequence by the value at its last token: the reward and value model of one seed are the same net', () => {
  tf.tidy(() => {
    const values = tokenValues(createValueModel(config, seededRandom(4)), ids()).arraySync();
    const ends = tf.tensor2d([
      [0, 0, 0, 1, 0, 0],
      [0, 0, 0, 0, 0, 1],
    ]);
    const scores = rewardScores(createRewardModel(config, seededRandom(4)), ids(), ends).arraySync();
    expectClose(scores, [values[0]![3]!, values[1]![5]!], 1e-6);
    expect(Math.abs(scores[0]! - scores[1]!)).toBeGreaterThan(1e-3);
  });
});

it('scores 0 where no token is marked', () => {
  tf.tidy(() => {
    const scores = rewardScores(createRewardModel(config, seededRandom(4)), ids(), tf.zeros([2, 6]));
    expect(Array.from(scores.dataSync())).toEqual([0, 0]);
  });
});

it('writes a query and a response as one padded row', () => {
  const tokenizer = createTokenizer(['What is 2+2?', '2+2 is 4'], 'words');
  const sequence = encodeSequence(tokenizer, 'What is 2+2?', '2+2 is 4');
  expect(sequence.responseStart).toBe(4);
  expect(sequence.responseLength).toBe(3);
  expect(sequence.ids).toHaveLength(8);
  const padded = tf.tidy(() => padSequences([sequence], 10).arraySync());
  expect(padded[0]!.slice(0, 8)).toEqual(sequence.ids);
  expect(padded[0]!.slice(8)).toEqual([0, 0]);
  expect(() => padSequences([sequence], 7)).toThrow('a sequence has 8 tokens; at most 7 are expected');
});
