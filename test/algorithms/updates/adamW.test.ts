import { expect, it } from 'vitest';
import { clippingScale, createAdamW } from '../../../lib/algorithms/updates/adamW';
import { tf } from '../../../lib/engine/tensorflow';
import { expectClose } from '../../close';
import golden from '../../golden/adamW.json';

/** Float32 over five steps of size 0.01. */
const tolerance = 2e-6;

it.each([
  ['adam_5_steps', golden.adam_5_steps, 0],
  ['adamw_5_steps', golden.adamw_5_steps, golden.adamw_5_steps.params.weight_decay],
] as const)('follows the golden path of %s', (_, { inputs, params, outputs }, weightDecay) => {
  const vector = tf.variable(tf.tensor1d(inputs.p0));
  const [beta1, beta2] = params.betas as [number, number];
  const optimizer = createAdamW(vector, { beta1, beta2, epsilon: params.eps, weightDecay });
  inputs.grads.forEach((gradient, step) => {
    tf.tidy(() => optimizer.update(tf.tensor1d(gradient), tf.scalar(params.lr)));
    expectClose(Array.from(vector.dataSync()), outputs.p_after_each_step[step], tolerance);
  });
  optimizer.dispose();
  vector.dispose();
});

it('first steps by the learning rate against the sign of the gradient, whatever its size', () => {
  const vector = tf.variable(tf.tensor1d([1, 1, 1]));
  const optimizer = createAdamW(vector);
  tf.tidy(() => optimizer.update(tf.tensor1d([1e-3, -5, 700]), tf.scalar(0.1)));
  expectClose(Array.from(vector.dataSync()), [0.9, 1.1, 0.9], 1e-4);
  optimizer.dispose();
  vector.dispose();
});

it('leaves no tensor behind', () => {
  const vector = tf.variable(tf.tensor1d([1, 2]));
  const before = tf.memory().numTensors;
  const optimizer = createAdamW(vector);
  for (let i = 0; i < 3; i++) tf.tidy(() => optimizer.update(tf.tensor1d([1, 1]), tf.scalar(0.1)));
  optimizer.dispose();
  expect(tf.memory().numTensors).toBe(before);
  vector.dispose();
});

it('clips to the golden gradient', () => {
  const { inputs, outputs, params } = golden.clip_grad_norm;
  tf.tidy(() => {
    const clipped = (gradient: tf.Tensor1D, maxNorm: number) =>
      Array.from(gradient.mul(clippingScale(gradient, maxNorm)).dataSync());
    const gradient = tf.tensor1d([...inputs.g0, ...inputs.g1]);
    expectClose(clipped(gradient, params.max_norm), [...outputs.g0_clipped, ...outputs.g1_clipped], 1e-6);
    expectClose(clipped(tf.tensor1d([0.3, 0.4]), 1), [0.3, 0.4], 1e-7);
    expectClose(clipped(tf.zeros([2]), 1), [0, 0], 0);
  });
});

it('multiplies a scale into the gradient alone', () => {
  const run = (gradient: number[], scale?: number) => {
    const vector = tf.variable(tf.tensor1d([1, -2]));
    const optimizer = createAdamW(vector, { weightDecay: 0.1 });
    for (const factor of [1, -3, 2]) {
      tf.tidy(() => {
        const down = tf.tensor1d(gradient.map((value) => factor * value));
        optimizer.update(down, tf.scalar(0.1), scale === undefined ? undefined : tf.scalar(scale));
      });
    }
    optimizer.dispose();
    return Array.from(vector.dataSync());
  };
  expectClose(run([4, -0.5], 0.25), run([1, -0.125]), 1e-6);
});
