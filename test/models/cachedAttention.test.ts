import fc from 'fast-check';
import { describe, it } from 'vitest';
import { attention } from '../../lib/engine/kernels/attention';
import { engine, tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { cachedAttention } from '../../lib/models/cachedAttention';
import { expectSame } from '../engine/kernels/compare';
import { integers, normals } from '../engine/kernels/randomTensors';

describe('cachedAttention', () => {
  it('gives token by token what attention gives to all at once', () => {
    const layouts = fc.record({
      heads: fc.integer({ min: 1, max: 3 }),
      d: fc.constantFrom(1, 5, 16, 64),
      prompts: fc.integer({ min: 1, max: 3 }),
      promptLength: fc.integer({ min: 1, max: 6 }),
      group: fc.integer({ min: 1, max: 3 }),
      responseLength: fc.integer({ min: 1, max: 6 }),
      seed: fc.integer({ min: 1, max: 1e6 }),
    });
    const numRuns = engine.name === 'native' ? 30 : 5;
    fc.assert(
      fc.property(layouts, ({ d, group, seed, ...others }) =>
        tf.tidy(() => {
          const random = seededRandom(seed);
          const { heads, prompts, promptLength, responseLength } = others;
          const width = heads * d;
          const layout = { ...others, responses: group * prompts };
          const starts = integers(random, prompts, promptLength);
          const bias = normals(random, 3 * width) as tf.Tensor1D;
          const promptQkv = normals(random, prompts * promptLength, 3 * width) as tf.Tensor2D;
          const tokens = normals(random, layout.responses, responseLength, 3 * width);
          const packed = tf.concat([promptQkv, tokens.reshape([-1, 3 * width])]) as tf.Tensor2D;
          const expected = attention(packed, bias, starts, layout)
            .slice(prompts * promptLength)
            .reshape([layout.responses, responseLength, width]);

          let cache: tf.Tensor3D = tf.zeros([layout.responses, responseLength, 2 * width]);
          const mixed: tf.Tensor[] = [];
          for (let t = 0; t < responseLength; t++) {
            const qkv = tokens.slice([0, t, 0], [-1, 1, -1]).reshape([-1, 3 * width]) as tf.Tensor2D;
            const position = tf.scalar(t, 'int32');
            const next = cachedAttention({ qkv, bias, promptQkv, starts, cache, position }, layout);
            cache = next.cache;
            mixed.push(next.mixed);
          }
          expectSame(tf.stack(mixed, 1), expected);
          const keyValues = tokens.add(bias).slice([0, 0, width], [-1, -1, 2 * width]);
          expectSame(cache, keyValues, 1e-6);
        }),
      ),
      { numRuns },
    );
  });
});
