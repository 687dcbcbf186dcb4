import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fisherVectorProduct } from '../../lib/algorithms/fisherVectorProduct';
import { tf } from '../../lib/engine/tensorflow';
import { expectClose } from '../close';
import golden from '../golden/trustRegion.json';
import { smallPolicy } from './smallPolicy';

const { inputs, outputs, params } = golden;
const shape = [params.states, params.hidden, params.actions] as const;

function product(direction: readonly number[], mask = inputs.mask): number[] {
  const policy = smallPolicy(shape, inputs.theta);
  const result = tf.tidy(() => {
    const positions = tf.tensor2d(inputs.positions, undefined, 'int32');
    const logits = () => policy.logits({ positions }, positions.shape[1]);
    const v = tf.tensor1d([...direction]);
    return Array.from(fisherVectorProduct(logits, policy.parameters.vector, tf.tensor2d(mask), v).dataSync());
  });
  policy.parameters.vector.dispose();
  return result;
}

describe('fisherVectorProduct', () => {
  it('gives the golden product, found by double backward', () => {
    // float32 against float64, through sums of two dozen numbers of size 1
    expectClose(product(inputs.direction), outputs.fisher_vector_product, 1e-5);
  });

  it('is the numerical Hessian of the KL, times the vector', () => {
    // the KL in float64, so that second differences keep digits
    const [states, hidden, actions] = shape;
    const policyOf = (theta: readonly number[]) => {
      const at = (start: number, index: number) => theta[start + index]!;
      const b1 = states * hidden;
      const w2 = b1 + hidden;
      const b2 = w2 + hidden * actions;
      return inputs.positions.flat().map((state) => {
        const inner = Array.from({ length: hidden }, (_, h) =>
          Math.tanh(at(0, state * hidden + h) + at(b1, h)),
        );
        const z = Array.from({ length: actions }, (_, a) =>
          inner.reduce((sum, value, h) => sum + value * at(w2, h * actions + a), at(b2, a)),
        );
        const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
        return z.map((value) => Math.exp(value) / total);
      });
    };
    const old = policyOf(inputs.theta);
    const mask = inputs.mask.flat();
    const count = mask.reduce((a, b) => a + b);
    const kl = (theta: readonly number[]) =>
      policyOf(theta).reduce(
        (sum, p, n) =>
          sum + (mask[n]! / count) * p.reduce((s, q, a) => s + old[n]![a]! * Math.log(old[n]![a]! / q), 0),
        0,
      );
    const step = 1e-3;
    const moved = (i: number, along: number, by: number) =>
      inputs.theta.map((value, j) => value + along * step * inputs.direction[j]! + (j === i ? by * step : 0));
    const hessianTimesV = inputs.theta.map(
      (_, i) =>
        (kl(moved(i, 1, 1)) - kl(moved(i, -1, 1)) - kl(moved(i, 1, -1)) + kl(moved(i, -1, -1))) /
        (4 * step ** 2),
    );
    // step² times a fourth derivative of some tens
    expectClose(product(inputs.direction), hessianTimesV, 1e-4);
  });

  it('is symmetric and never negative', () => {
    const number = fc.float({ min: -1, max: 1, noNaN: true });
    const vector = fc.array(number, { minLength: inputs.theta.length, maxLength: inputs.theta.length });
    const dot = (u: readonly number[], v: readonly number[]) =>
      u.reduce((sum, value, i) => sum + value * v[i]!, 0);
    fc.assert(
      fc.property(vector, vector, (u, v) => {
        const [fu, fv] = [product(u), product(v)];
        expectClose(dot(u, fv), dot(v, fu), 1e-5);
        expect(dot(u, fu)).toBeGreaterThan(-1e-6);
      }),
      { numRuns: 20 },
    );
  });

  it('takes no notice of what is masked', () => {
    const first = inputs.mask.map((row, b) => row.map(() => (b === 0 ? 1 : 0)));
    const policy = smallPolicy(shape, inputs.theta);
    const alone = tf.tidy(() => {
      const positions = tf.tensor2d([inputs.positions[0]!], undefined, 'int32');
      const logits = () => policy.logits({ positions }, positions.shape[1]);
      const v = tf.tensor1d(inputs.direction);
      return Array.from(
        fisherVectorProduct(logits, policy.parameters.vector, tf.ones([1, positions.shape[1]]), v).dataSync(),
      );
    });
    policy.parameters.vector.dispose();
    expectClose(product(inputs.direction, first), alone, 1e-6);
  });
});
