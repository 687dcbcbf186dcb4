import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { actionEntropy, actionLogProbs } from '../../lib/models/categorical';
import { expectClose, numericalGradient } from '../close';
import golden from '../golden/categorical.json';

/** Float32: seven digits, of which a sum over the actions loses one. */
const tolerance = 2e-6;

/** log softmax, in float64. */
function logSoftmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return logits.map((logit) => logit - largest - Math.log(total));
}

/** Logits of one state. */
const anyLogits = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 2, maxLength: 9 });

/** Logits of one state in the shape of a batch, [1, 1, A]. */
const batchOf = (logits: readonly number[]) => tf.tensor3d([[logits as number[]]]);

describe('actionLogProbs', () => {
  it('gives the golden values', () => {
    const { inputs, outputs } = golden.log_softmax_gather;
    tf.tidy(() => {
      const actions = tf.tensor2d(inputs.tokens, undefined, 'int32');
      expectClose(
        actionLogProbs(tf.tensor3d(inputs.logits), actions).arraySync(),
        outputs.logprobs,
        tolerance,
      );
    });
  });

  it('are those of probabilities that sum to one', () => {
    fc.assert(
      fc.property(anyLogits, (logits) => {
        const logProbs = tf.tidy(() => {
          const each = tf.tile(batchOf(logits), [1, logits.length, 1]) as tf.Tensor3D;
          const actions = tf.range(0, logits.length, 1, 'int32').expandDims<tf.Tensor2D>(0);
          return Array.from(actionLogProbs(each, actions).dataSync());
        });
        const sum = logProbs.reduce((total, logProb) => total + Math.exp(logProb), 0);
        expectClose(sum, 1, 1e-5);
        expectClose(logProbs, logSoftmax(logits), 1e-5);
      }),
    );
  });

  it('have the gradient of central differences: one-hot − π', () => {
    const logits = [0.3, -1.2, 2.1, 0.4];
    const differences = numericalGradient((x) => logSoftmax(x)[2]!, logits, 1e-5);
    const gradient = tf.tidy(() => {
      const action = tf.tensor2d([[2]], [1, 1], 'int32');
      return tf
        .grad((x) => actionLogProbs(x as tf.Tensor3D, action))(batchOf(logits))
        .dataSync();
    });
    expectClose(Array.from(gradient), differences, tolerance);
    const probabilities = logSoftmax(logits).map(Math.exp);
    expectClose(
      differences,
      probabilities.map((probability, i) => (i === 2 ? 1 : 0) - probability),
      1e-9,
    );
  });
});

describe('actionEntropy', () => {
  const { inputs, outputs } = golden.entropy;

  it('gives the golden values', () => {
    tf.tidy(() => {
      expectClose(actionEntropy(tf.tensor3d(inputs.logits)).arraySync(), outputs.entropy, tolerance);
    });
  });

  it('gives the golden gradient of its mean over the marked steps', () => {
    tf.tidy(() => {
      const mask = tf.tensor2d(inputs.mask);
      const mean = (logits: tf.Tensor) =>
        actionEntropy(logits as tf.Tensor3D)
          .mul(mask)
          .sum()
          .div(mask.sum());
      const { value, grad } = tf.valueAndGrad(mean)(tf.tensor3d(inputs.logits));
      expectClose(value.dataSync()[0], outputs.mean_entropy, tolerance);
      expectClose(grad.arraySync(), outputs.dmean_dlogits, tolerance);
    });
  });

  it('has the gradient of central differences', () => {
    const logits = [0.3, -1.2, 2.1, 0.4];
    const entropy = (x: readonly number[]) =>
      -logSoftmax(x).reduce((sum, logProb) => sum + Math.exp(logProb) * logProb, 0);
    const gradient = tf.tidy(() =>
      tf
        .grad((x) => actionEntropy(x as tf.Tensor3D))(batchOf(logits))
        .dataSync(),
    );
    expectClose(Array.from(gradient), numericalGradient(entropy, logits, 1e-5), tolerance);
  });

  const entropyOf = (logits: readonly number[]) =>
    tf.tidy(() => actionEntropy(batchOf(logits)).dataSync()[0]!);

  it('lies between 0 and log A', () => {
    fc.assert(
      fc.property(anyLogits, (logits) => {
        const entropy = entropyOf(logits);
        expect(entropy).toBeGreaterThanOrEqual(-1e-6);
        expect(entropy).toBeLessThanOrEqual(Math.log(logits.length) + 1e-5);
      }),
    );
  });

  it('is log A where all actions are alike, and 0 where one is certain', () => {
    for (const actions of [1, 2, 7, 64]) {
      const alike = new Array<number>(actions).fill(3);
      expectClose(entropyOf(alike), Math.log(actions), tolerance);
      expectClose(entropyOf([200, ...alike]), 0, tolerance);
    }
  });
});
