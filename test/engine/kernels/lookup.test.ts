import { describe, expect, it } from 'vitest';
import { tokenLogProbs } from '../../../lib/engine/kernels/logProbs';
import { lookup } from '../../../lib/engine/kernels/lookup';
import { engine, tf } from '../../../lib/engine/tensorflow';

const table = tf.tensor2d([
  [1, 2, 3],
  [4, 5, 6],
]);
const ids = (...numbers: number[]) => tf.tensor1d(numbers, 'int32');

describe('lookup', () => {
  it('gives rows, and sums the gradients of a row that is looked up twice', () => {
    expect(lookup(table, ids(1, 0, 1)).arraySync()).toEqual([
      [4, 5, 6],
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const gradient = tf.grad((x) => lookup(x as tf.Tensor2D, ids(1, 1)).sum())(table);
    expect(gradient.arraySync()).toEqual([
      [0, 0, 0],
      [2, 2, 2],
    ]);
  });

  it.runIf(engine.fused)('refuses a row that there is not, by its number and its place', () => {
    expect(() => lookup(table, ids(0, 2))).toThrow('lookup: number 2 at position 1 is not in [0, 2)');
    expect(() => lookup(table, ids(-1))).toThrow('lookup: number -1 at position 0 is not in [0, 2)');
    expect(() => tokenLogProbs(table, ids(0, 3))).toThrow('tokenLogProbs: number 3 at position 1');
    expect(lookup(table, ids(0)).arraySync()).toEqual([[1, 2, 3]]);
  });
});
