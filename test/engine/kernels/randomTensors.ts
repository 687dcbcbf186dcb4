import { tf } from '../../../lib/engine/tensorflow';
import type { Random } from '../../../lib/math/random';

export const normals = (random: Random, ...shape: number[]): tf.Tensor =>
  tf.tensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    shape,
  );

export const integers = (random: Random, count: number, below: number): tf.Tensor1D =>
  tf.tensor1d(
    Array.from({ length: count }, () => random.integer(below)),
    'int32',
  );
