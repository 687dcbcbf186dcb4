import { describe, expect, it } from 'vitest';
import { adamW } from '../../../lib/engine/kernels/adamW';
import { tf } from '../../../lib/engine/tensorflow';
import { seededRandom } from '../../../lib/math/random';
import { expectClose } from '../../close';
import { normals } from './randomTensors';

const numbers = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 };
const [learningRate, meanWeight, squareWeight, scale] = [0.01, 0.271, 0.002997, 0.5];

/** The module's equations, in double precision. */
function slowly(p: number, m: number, v: number, g: number): [number, number, number] {
  const { beta1, beta2, epsilon, weightDecay } = numbers;
  const gradient = scale * g;
  const mean = beta1 * m + (1 - beta1) * gradient;
  const square = beta2 * v + (1 - beta2) * gradient ** 2;
  const direction = mean / meanWeight / (Math.sqrt(square / squareWeight) + epsilon);
  return [p - learningRate * (direction + weightDecay * p), mean, square];
}

const scalars = () => ({
  learningRate: tf.scalar(learningRate),
  meanWeight: tf.scalar(meanWeight),
  squareWeight: tf.scalar(squareWeight),
  scale: tf.scalar(scale),
});

function vectors(size: number) {
  const random = seededRandom(1);
  const [parameters, mean, gradient] = [1, 2, 3].map(() => normals(random, size)) as tf.Tensor1D[];
  const square = normals(random, size).square().mul(0.01) as tf.Tensor1D;
  return { parameters: parameters!, mean: mean!, square, gradient: gradient! };
}

describe('adamW', () => {
  it.each([1, 37, 1000])('computes its equations for %i parameters', (size) => {
    tf.tidy(() => {
      const given = vectors(size);
      const [p, m, v, g] = Object.values(given).map((vector) => Array.from(vector.dataSync()));
      const expected = p!.map((_, i) => slowly(p![i]!, m![i]!, v![i]!, g![i]!));
      const results = adamW(given, scalars(), numbers).map((vector) => Array.from(vector.dataSync()));
      results.forEach((result, k) => {
        expectClose(
          result,
          expected.map((one) => one[k]!),
          1e-6,
        );
      });
      // the given ones are as they were
      expect(Array.from(given.parameters.dataSync())).toEqual(p);
    });
  });

  it('lets NaN through', () => {
    tf.tidy(() => {
      const given = { ...vectors(3), gradient: tf.tensor1d([1, Number.NaN, 1]) };
      const [parameters] = adamW(given, scalars(), numbers);
      expect(Array.from(parameters.isNaN().dataSync())).toEqual([0, 1, 0]);
    });
  });
});
