import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attention } from '../../../lib/engine/kernels/attention';
import { decodeAttention, decodeCache } from '../../../lib/engine/kernels/decodeAttention';
import { engine, tf } from '../../../lib/engine/tensorflow';
import { seededRandom } from '../../../lib/math/random';
import { expectSame } from './compare';
import { integers, normals } from './randomTensors';

describe('decodeAttention', () => {
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

          let cache = decodeCache(layout, width);
          const mixed: tf.Tensor[] = [];
          for (let t = 0; t < responseLength; t++) {
            const qkv = tokens.slice([0, t, 0], [-1, 1, -1]).reshape([-1, 3 * width]) as tf.Tensor2D;
            const position = tf.scalar(t, 'int32');
            const next = decodeAttention({ qkv, bias, promptQkv, starts, cache, position }, layout);
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

  it.runIf(engine.fused)('makes caches that share no memory, and refuses a position beyond them', () => {
    tf.tidy(() => {
      const layout = { heads: 1, prompts: 1, promptLength: 1, responses: 1, responseLength: 2 };
      const [one, other] = [decodeCache(layout, 2), decodeCache(layout, 2)];
      const rest = {
        qkv: tf.ones([1, 6]) as tf.Tensor2D,
        bias: tf.zeros([6]) as tf.Tensor1D,
        promptQkv: tf.ones([1, 6]) as tf.Tensor2D,
        starts: tf.tensor1d([0], 'int32'),
      };
      const at = (position: number) => tf.scalar(position, 'int32');
      decodeAttention({ ...rest, cache: one, position: at(0) }, layout);
      expect(other.sum().dataSync()[0]).toBe(0);
      const beyond = () => decodeAttention({ ...rest, cache: other, position: at(2) }, layout);
      expect(beyond).toThrow('the position is outside the cache');
    });
  });
});
