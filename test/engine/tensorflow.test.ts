import { describe, expect, it } from 'vitest';
import { engine, tf } from '../../lib/engine/tensorflow';

/** Single precision has 24 bits, and the sums here have at most a few dozen terms of size 1 to 10. */
const tolerance = 1e-5;

const x = [-3.2, -1.1, -0.4, 0, 0.3, 0.9, 2.5, 6.1];

function expectClose(actual: tf.Tensor, expected: readonly number[]) {
  const values = Array.from(actual.dataSync());
  expect(values).toHaveLength(expected.length);
  values.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(expected[i]!)),
    );
  });
}

const logSumExp = (values: readonly number[]) => Math.log(values.reduce((sum, v) => sum + Math.exp(v), 0));
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

describe(`the ${process.env.LAB_ENGINE} engine`, () => {
  it('is the one that was asked for', () => {
    expect(engine.name).toBe(process.env.LAB_ENGINE);
    expect(tf.getBackend()).toBe({ native: 'tensorflow', wasm: 'wasm', cpu: 'cpu' }[engine.name]);
    expect(engine.version).toMatch(/\d+\.\d+\.\d+$/);
  });

  // the operations that the models, objectives and optimizers are made of, against double precision
  it.each<[string, (t: tf.Tensor1D) => tf.Tensor, (v: number) => number]>([
    ['exp', tf.exp, Math.exp],
    ['tanh', tf.tanh, Math.tanh],
    ['sigmoid', tf.sigmoid, (v) => 1 / (1 + Math.exp(-v))],
    ['softplus', tf.softplus, (v) => Math.log1p(Math.exp(v))],
    ['square', tf.square, (v) => v * v],
    ['rsqrt', (t) => tf.rsqrt(tf.add(tf.square(t), 1)), (v) => 1 / Math.sqrt(v * v + 1)],
    ['clip', (t) => tf.clipByValue(t, -1, 1), (v) => Math.min(1, Math.max(-1, v))],
    ['where', (t) => tf.where(tf.greater(t, 0), t, tf.neg(t)), Math.abs],
  ])('computes %s', (_name, operation, reference) => {
    expectClose(operation(tf.tensor1d(x)), x.map(reference));
  });

  it('computes erf as the Gaussian integral', () => {
    const step = 1e-4;
    const integral = (v: number) => {
      let sum = 0;
      for (let u = step / 2; u < Math.abs(v); u += step) sum += Math.exp(-u * u) * step;
      return (Math.sign(v) * 2 * sum) / Math.sqrt(Math.PI);
    };
    // TensorFlow's own erf is a rational approximation good to about 1e-6; multiples of `step` keep the sum exact
    expectClose(tf.erf(tf.tensor1d(x)), x.map(integral));
  });

  it('computes log-softmax, also where exp would overflow', () => {
    const rows = [x, x.map((v) => v + 500)];
    const expected = [...x, ...x].map((v) => v - logSumExp(x));
    const actual = tf.logSoftmax(tf.tensor2d(rows));
    Array.from(actual.dataSync()).forEach((value, i) => {
      // near 500 neighbouring single-precision numbers are 3e-5 apart
      expect(Math.abs(value - expected[i]!)).toBeLessThan(i < x.length ? tolerance : 1e-4);
    });
  });

  it('multiplies batches of matrices, transposed or not', () => {
    const a = Array.from({ length: 2 * 3 * 4 }, (_, i) => Math.sin(i));
    const b = Array.from({ length: 2 * 5 * 4 }, (_, i) => Math.cos(i));
    const expected: number[] = [];
    for (let n = 0; n < 2; n++)
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 5; j++) {
          let sum = 0;
          for (let k = 0; k < 4; k++) sum += a[n * 12 + i * 4 + k]! * b[n * 20 + j * 4 + k]!;
          expected.push(sum);
        }
    const left = tf.tensor3d(a, [2, 3, 4]);
    const right = tf.tensor3d(b, [2, 5, 4]);
    expectClose(tf.matMul(left, right, false, true), expected);
    expectClose(tf.matMul(left, tf.transpose(right, [0, 2, 1])), expected);
  });

  it('normalizes layers with a gradient that sums to zero', () => {
    const normalize = (t: tf.Tensor) => {
      const centred = tf.sub(t, tf.mean(t, -1, true));
      return tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-5)));
    };
    const centred = x.map((v) => v - mean(x));
    const deviation = Math.sqrt(mean(centred.map((v) => v * v)) + 1e-5);
    expectClose(
      normalize(tf.tensor1d(x)),
      centred.map((v) => v / deviation),
    );
    const weights = tf.tensor1d(x.map((v) => Math.sin(v)));
    const gradient = tf.grad((t) => tf.sum(tf.mul(normalize(t), weights)))(tf.tensor1d(x));
    expectClose(tf.sum(gradient), [0]);
  });

  it('differentiates the cross-entropy of a softmax into probabilities − one-hot', () => {
    const label = 5;
    const gradient = tf.grad((logits) =>
      tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), tf.oneHot(tf.scalar(label, 'int32'), x.length)))),
    )(tf.tensor1d(x));
    expectClose(
      gradient,
      x.map((v, i) => Math.exp(v - logSumExp(x)) - (i === label ? 1 : 0)),
    );
  });

  it('takes the step of Adam that its paper defines', () => {
    const parameter = tf.variable(tf.tensor1d(x));
    const optimizer = tf.train.adam(0.01, 0.9, 0.999, 1e-8);
    let [value, first, second] = [x, x.map(() => 0), x.map(() => 0)];
    for (let step = 1; step <= 3; step++) {
      optimizer.minimize(() => tf.sum(tf.square(parameter)) as tf.Scalar);
      const gradient = value.map((v) => 2 * v);
      first = first.map((m, i) => 0.9 * m + 0.1 * gradient[i]!);
      second = second.map((v, i) => 0.999 * v + 0.001 * gradient[i]! ** 2);
      value = value.map((v, i) => {
        const [m, s] = [first[i]! / (1 - 0.9 ** step), second[i]! / (1 - 0.999 ** step)];
        return v - (0.01 * m) / (Math.sqrt(s) + 1e-8);
      });
    }
    expectClose(parameter, value);
  });
});
