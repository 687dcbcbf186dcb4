import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fisherVectorProduct } from '../../../lib/algorithms/updates/fisherVectorProduct';
import { tf } from '../../../lib/engine/tensorflow';
import { aggregate } from '../../../lib/losses/aggregation';
import { exactKl } from '../../../lib/losses/klDivergence';
import { seededRandom } from '../../../lib/math/random';
import { createGptPolicy } from '../../../lib/models/gptPolicy';
import { expectClose, expectCloseInScale } from '../../close';
import golden from '../../golden/trustRegion.json';
import { smallPolicy, smallPolicyInFloat64 } from '../smallPolicy';

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
    expectCloseInScale(product(inputs.direction), outputs.fisher_vector_product, 1e-6);
  });

  it('is the numerical Hessian of the KL, times the vector', () => {
    // the KL in float64, so that second differences keep digits
    const policyOf = (theta: readonly number[]) =>
      smallPolicyInFloat64(shape, theta, inputs.positions.flat());
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
    expectCloseInScale(product(inputs.direction), hessianTimesV, 1e-5);
  });

  it('is the derivative of the gradient of the KL along the vector, also through a Transformer', () => {
    const random = seededRandom(4);
    const config = { vocabularySize: 7, contextLength: 6, layers: 2, heads: 2, width: 8 };
    const policy = createGptPolicy(config, random.split('model'));
    const { vector } = policy.parameters;
    tf.tidy(() => {
      const start = tf.tensor1d(Array.from({ length: vector.size }, () => 0.3 * random.normal()));
      const v = tf.tensor1d(Array.from({ length: vector.size }, () => random.normal()));
      const states = {
        ids: tf.tensor2d(
          [
            [1, 4, 2, 6, 3],
            [0, 5, 5, 1, 2],
          ],
          undefined,
          'int32',
        ),
        starts: tf.tensor1d([0, 1], 'int32'),
      };
      const mask = tf.tensor2d([
        [1, 1, 1],
        [1, 1, 0],
      ]);
      const logits = () => policy.logits(states, 3);
      vector.assign(start);
      const own = fisherVectorProduct(logits, vector, mask, v);

      const old = logits();
      const gradientAt = (step: number) => {
        vector.assign(start.add(v.mul(step)));
        const kl = () => aggregate(exactKl(old, logits()), mask, 'token-mean');
        return tf.variableGrads(kl, [vector]).grads[vector.name]!;
      };
      // by five points: step⁴/30 times a fifth derivative, and 6e-8 over the step
      const step = 0.004;
      const near = gradientAt(step).sub(gradientAt(-step));
      const far = gradientAt(2 * step).sub(gradientAt(-2 * step));
      const numerical = near
        .mul(8)
        .sub(far)
        .div(12 * step);
      expectCloseInScale(own.arraySync(), numerical.arraySync(), 2e-5);
    });
    vector.dispose();
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
