import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { createGptPolicy } from '../../lib/models/gptPolicy';
import { disposeParameters, unpack } from '../../lib/models/parameters';
import { createRewardModel, rewardScores } from '../../lib/models/rewardModel';
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

describe('a trunk that is given', () => {
  const policy = () => createGptPolicy({ ...config, tiedHead: false }, seededRandom(7));

  it.each(['head', 'whole'] as const)('is copied, whichever is trained: %s', (train) => {
    const { parameters } = policy();
    const before = tf.memory().numTensors;
    const model = createValueModel(config, seededRandom(4), { parameters, train });
    expect(tf.memory().numTensors - before).toBe(train === 'whole' ? 1 : 2);
    tf.tidy(() => {
      const [given, taken] = [unpack(parameters), unpack(model.parameters)];
      for (const name of ['embedding.token', 'block0.mlpIn.weight', 'finalNorm.gain']) {
        expect(taken(name).arraySync()).toEqual(given(name).arraySync());
      }
      // the head is that of the seed, as on a trunk of its own
      const own = unpack(createValueModel(config, seededRandom(4)).parameters);
      expect(taken('head.weight').arraySync()).toEqual(own('head.weight').arraySync());
      parameters.vector.assign(tf.zerosLike(parameters.vector));
      expect(taken('finalNorm.gain').max().dataSync()[0]).toBe(1);
    });
    disposeParameters(model.parameters);
    disposeParameters(parameters);
  });

  it.each([
    ['head', 9],
    ['whole', 8 * (9 + 6) + 12 * 8 * 8 + 13 * 8 + 2 * 8 + 9],
  ] as const)('has as many parameters to train: %s', (train, count) => {
    const { parameters } = policy();
    const model = createValueModel(config, seededRandom(4), { parameters, train });
    expect(model.parameters.vector.size).toBe(count);
    const whole = createValueModel(config, seededRandom(4), { parameters, train: 'whole' });
    tf.tidy(() => {
      // both begin with the same values
      expectClose(tokenValues(model, ids()).arraySync(), tokenValues(whole, ids()).arraySync(), 1e-6);
    });
  });
});
