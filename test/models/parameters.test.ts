import { expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { createParameters, type ParameterSpecification, unpack } from '../../lib/models/parameters';
import { expectClose } from '../close';

const specification: ParameterSpecification = {
  weight: { shape: [2, 3], initial: { normal: 0.02 } },
  gain: { shape: [3], initial: 'ones' },
  bias: { shape: [2], initial: 'zeros' },
};

const values = (spec: ParameterSpecification, seed: number, name: string) =>
  tf.tidy(() => unpack(createParameters(spec, seededRandom(seed)))(name).arraySync());

it('gives each parameter its shape and start', () => {
  expect(values(specification, 1, 'gain')).toEqual([1, 1, 1]);
  expect(values(specification, 1, 'bias')).toEqual([0, 0]);
  // the first numbers of the stream of seed 1, name "weight", times 0.02: the same on every engine, to float32
  const stream = seededRandom(1).split('weight');
  const expected = Array.from({ length: 6 }, () => stream.normal() * 0.02);
  expectClose((values(specification, 1, 'weight') as number[][]).flat(), expected, 1e-8);
});

it('starts a parameter as before when another one is added', () => {
  const larger = { before: { shape: [4], initial: { normal: 1 } }, ...specification } as const;
  expect(values(larger, 1, 'weight')).toEqual(values(specification, 1, 'weight'));
  expect(values(specification, 2, 'weight')).not.toEqual(values(specification, 1, 'weight'));
});

it('sends gradients of named parameters back into the one vector', () => {
  const gradient = tf.tidy(() => {
    const parameters = createParameters(specification, seededRandom(1));
    const { grads } = tf.variableGrads(() => {
      const parameter = unpack(parameters);
      return parameter('gain').sum().mul(2).add(parameter('bias').sum()) as tf.Scalar;
    }, [parameters.vector]);
    return Array.from(grads[parameters.vector.name]!.dataSync());
  });
  expect(gradient).toEqual([0, 0, 0, 0, 0, 0, 2, 2, 2, 1, 1]);
});

it('names a parameter that is not there', () => {
  expect(() => values(specification, 1, 'wieght')).toThrow('the model has no parameter "wieght"');
});
