import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeResponses } from '../../../lib/engine/kernels/decodeResponses';
import { withComposites } from '../../../lib/engine/kernels/fused';
import { engine, tf } from '../../../lib/engine/tensorflow';
import { seededRandom } from '../../../lib/math/random';
import { gptPolicy, gptPolicySpecification } from '../../../lib/models/gptPolicy';
import { disposeParameters } from '../../../lib/models/parameters';
import { sampleResponses } from '../../../lib/models/sampling';
import { formulaParameters } from '../../models/formulaGpt';
import { expectSame } from './compare';
import { integers } from './randomTensors';

describe.runIf(engine.fused)('decodeResponses', () => {
  /** Widths and vocabularies that are whole vectors of 16 floats, and others; more responses than fit one tile. */
  const cases = fc.record({
    layers: fc.integer({ min: 1, max: 3 }),
    heads: fc.integer({ min: 1, max: 3 }),
    headWidth: fc.constantFrom(1, 5, 16, 20, 64),
    vocabularySize: fc.constantFrom(2, 7, 16, 33, 70),
    tiedHead: fc.boolean(),
    prompts: fc.integer({ min: 1, max: 4 }),
    promptLength: fc.integer({ min: 1, max: 18 }),
    group: fc.constantFrom(1, 3, 9),
    maxTokens: fc.constantFrom(1, 2, 5, 17),
    temperature: fc.constantFrom(0, 0.7, 1, 1.6),
    topK: fc.constantFrom(undefined, 1, 2, 5),
    topP: fc.constantFrom(undefined, 0.3, 0.9, 1),
    stopToken: fc.constantFrom(-1, 0, 1),
    seed: fc.integer({ min: 1, max: 1e6 }),
  });

  it('samples what is sampled token by token', () => {
    let ended = 0;
    fc.assert(
      fc.property(cases, ({ headWidth, group, seed, topK, topP, ...given }) => {
        const { heads, prompts, promptLength, maxTokens, vocabularySize, temperature, stopToken } = given;
        const random = seededRandom(seed);
        const config = {
          layers: given.layers,
          heads,
          width: heads * headWidth,
          vocabularySize,
          tiedHead: given.tiedHead,
          contextLength: promptLength + maxTokens,
        };
        const options = {
          maxTokens,
          temperature,
          stopToken,
          ...(topK && { topK: Math.min(topK, vocabularySize) }),
          ...(topP && { topP }),
        };
        const parameters = formulaParameters(gptPolicySpecification(config));
        const policy = gptPolicy(config, parameters);
        tf.tidy(() => {
          const ids = integers(random, prompts * promptLength, vocabularySize);
          const asked = {
            ids: ids.reshape<tf.Tensor2D>([prompts, promptLength]),
            starts: integers(random, prompts, promptLength),
          };
          const noise = Array.from({ length: prompts * group }, () =>
            Array.from({ length: maxTokens }, () => random.uniform()),
          );
          const sample = () => sampleResponses(policy, asked, tf.tensor2d(noise), options);
          const [actual, expected] = [sample(), withComposites(sample)];
          expect(actual.tokens.dtype).toBe('int32');
          expect(actual.tokens.arraySync()).toEqual(expected.tokens.arraySync());
          expect(actual.mask.arraySync()).toEqual(expected.mask.arraySync());
          // the logits are sums of some hundred products, which the two add in another order
          expectSame(actual.logProbs, expected.logProbs, 2e-5);
          ended += expected.mask.equal(0).sum().dataSync()[0]!;
        });
        disposeParameters(parameters);
      }),
      // a draw within 1e-6 of a border may fall on either side of it: always the same cases
      { numRuns: 60, seed: 1 },
    );
    expect(ended).toBeGreaterThan(100);
  });

  it('refuses a model with too few weights', () => {
    tf.tidy(() => {
      const inputs = {
        promptLogits: tf.zeros([1, 2]) as tf.Tensor2D,
        noise: tf.zeros([1, 1]) as tf.Tensor2D,
        starts: tf.zeros([1], 'int32') as tf.Tensor1D,
        promptQkv: [tf.zeros([1, 6]) as tf.Tensor2D],
        weights: [tf.zeros([2, 2]), tf.zeros([2, 2])],
      };
      const options = { heads: 1, temperature: 1, topK: 2, topP: 1, stopToken: -1 };
      expect(() => decodeResponses(inputs, options)).toThrow('decodeResponses: weights are missing');
    });
  });
});
