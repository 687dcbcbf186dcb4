import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jacobianVectorProduct } from '../../lib/engine/forwardMode';
import { tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { gptHiddenStates, gptSpecification } from '../../lib/models/gpt';
import { createParameters, unpack } from '../../lib/models/parameters';
import { expectClose } from '../close';

/** Float32 carries 7 digits; each product here sums a few hundred of size 1 at most. */
const tolerance = 2e-5;

const normals = (random: ReturnType<typeof seededRandom>, shape: number[], scale = 1) =>
  tf.tensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
    shape,
  );

/** Each in float32 by its operations; with its derivative at x in the direction v. */
const functions: Record<string, { f: (x: number) => number; of: (x: tf.Tensor) => tf.Tensor }> = {
  exp: { f: Math.exp, of: (x) => x.exp() },
  log: { f: Math.log, of: (x) => x.log() },
  tanh: { f: Math.tanh, of: (x) => x.tanh() },
  sigmoid: { f: (x) => 1 / (1 + Math.exp(-x)), of: (x) => x.sigmoid() },
  square: { f: (x) => x * x, of: (x) => x.square() },
  sqrt: { f: Math.sqrt, of: (x) => x.sqrt() },
  rsqrt: { f: (x) => 1 / Math.sqrt(x), of: (x) => x.rsqrt() },
  relu: { f: (x) => Math.max(0, x), of: (x) => x.relu() },
  quotient: { f: (x) => (x * x) / (1 + x), of: (x) => x.mul(x).div(x.add(1)) },
  'quotient of a constant': { f: (x) => 3 / x, of: (x) => tf.div(3, x) },
  'difference from a constant': { f: (x) => 3 - x, of: (x) => tf.sub(3, x) },
};

describe('jacobianVectorProduct', () => {
  it.each(Object.entries(functions))('gives the derivative of %s', (_, { f, of }) => {
    tf.tidy(() => {
      const [x, v] = [
        [0.3, 0.7, 1.9],
        [1, -2, 0.5],
      ];
      const at = tf.tensor1d(x!);
      const [value, derivative] = jacobianVectorProduct(() => of(at), at, tf.tensor1d(v!));
      expectClose(Array.from(value.dataSync()), x!.map(f), tolerance);
      const slopes = x!.map((one, i) => (v![i]! * (f(one + 1e-6) - f(one - 1e-6))) / 2e-6);
      expectClose(Array.from(derivative.dataSync()), slopes, tolerance);
    });
  });

  it('sees a variable broadcast, split, joined, transposed, averaged and multiplied by itself', () => {
    const random = seededRandom(1);
    tf.tidy(() => {
      const x = normals(random, [3, 4]);
      const v = normals(random, [3, 4]);
      const row = normals(random, [1, 4]);
      const f = (at: tf.Tensor) => {
        const [left, right] = tf.split(at, 2, 1);
        const joined = tf.concat([right!.transpose(), left!.transpose()]).mul(row.transpose());
        const product = tf.matMul(at as tf.Tensor2D, joined as tf.Tensor2D);
        const weights = tf.softmax(product.add(at.mean(1)).add(tf.ones([2, 3, 3])));
        return tf.stack([weights.sum(0), at.slice([0, 0], [3, 3]).sub(tf.scalar(1))]).expandDims(0);
      };
      const [, derivative] = jacobianVectorProduct(() => f(x), x, v);
      const weights = normals(random, derivative.shape);
      // ⟨u, J v⟩ = ⟨Jᵀ u, v⟩: reverse mode gives the same number
      const adjoint = tf.grad((at) => f(at).mul(weights).sum())(x);
      expectClose(derivative.mul(weights).sum().dataSync()[0], adjoint.mul(v).sum().dataSync()[0], tolerance);
    });
  });

  it('agrees with reverse mode and with differences through a whole Transformer', () => {
    const random = seededRandom(2);
    const config = { vocabularySize: 11, contextLength: 6, layers: 2, heads: 2, width: 8 };
    const parameters = createParameters(gptSpecification(config), random.split('model'));
    const { vector } = parameters;
    tf.tidy(() => {
      vector.assign(normals(random, [vector.size], 0.3) as tf.Tensor1D);
      const ids = tf.tensor2d([[3, 1, 4, 1, 5]], undefined, 'int32');
      const v = normals(random, [vector.size]);
      const f = () => gptHiddenStates(unpack(parameters), config, ids);
      const [value, derivative] = jacobianVectorProduct(f, vector, v);
      expectClose(value.arraySync(), f().arraySync(), 1e-6);

      const upstream = normals(random, value.shape);
      const { grads } = tf.variableGrads(() => f().mul(upstream).sum() as tf.Scalar, [vector]);
      const forward = derivative.mul(upstream).sum().dataSync()[0]!;
      expectClose(grads[vector.name]!.mul(v).sum().dataSync()[0]!, forward, tolerance);

      const start = vector.clone();
      const at = (h: number) => {
        vector.assign(start.add(v.mul(h)) as tf.Tensor1D);
        return f();
      };
      const step = 2e-3;
      const numerical = at(step)
        .sub(at(-step))
        .div(2 * step);
      // step² times a third derivative of some hundreds, and rounding 1e-6 over the step
      expectClose(derivative.arraySync(), numerical.arraySync(), 5e-3);
    });
    vector.dispose();
  });

  it('is linear in the direction', () => {
    const number = fc.float({ min: -2, max: 2, noNaN: true });
    const pair = fc.tuple(number, number, number);
    fc.assert(
      fc.property(pair, pair, pair, (point, one, other) => {
        tf.tidy(() => {
          const x = tf.tensor1d(point);
          const along = (v: tf.Tensor) => jacobianVectorProduct(() => tf.softmax(x.mul(x.exp())), x, v)[1];
          const [a, b] = [tf.tensor1d(one), tf.tensor1d(other)];
          const together = along(a.add(b.mul(2)));
          expectClose(
            Array.from(together.dataSync()),
            Array.from(along(a).add(along(b).mul(2)).dataSync()),
            1e-4,
          );
        });
      }),
      { numRuns: 25 },
    );
  });

  it('is zero for what does not depend on x, and leaves nothing behind', () => {
    const x = tf.tensor1d([1, 2]);
    const before = tf.memory().numTensors;
    const results = jacobianVectorProduct(
      () => tf.oneHot(x.toInt(), 4).mul(tf.ones([2, 4])),
      x,
      tf.onesLike(x),
    );
    expect(Array.from(results[1].dataSync())).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    tf.dispose(results);
    // the direction made above
    expect(tf.memory().numTensors).toBe(before + 1);
    x.dispose();
  });

  it('leaves the direction to its owner, also where an operation passes it on as it is', () => {
    const [x, v] = [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])];
    const before = tf.memory().numTensors;
    const results = jacobianVectorProduct(() => x.add(1), x, v);
    expect(Array.from(results[1].dataSync())).toEqual([3, 4]);
    tf.dispose(results);
    expect(Array.from(v.dataSync())).toEqual([3, 4]);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([x, v]);
    expect(tf.memory().numTensors).toBe(before - 2);
  });

  it('refuses an operation without a rule by its name, and lets the engine go on', () => {
    tf.tidy(() => {
      const x = tf.tensor1d([1, 2]);
      expect(() => jacobianVectorProduct(() => x.cumsum(), x, x)).toThrow('no rule for the operation Cumsum');
      expect(Array.from(x.cumsum().dataSync())).toEqual([1, 3]);
    });
  });
});
