import { describe, expect, it } from 'vitest';
import { engine, tf } from '../../../lib/engine/tensorflow';

/** Matrices of whole numbers, whose products are exact. */
const matrix = (rows: number, columns: number) =>
  tf.tensor2d(
    Array.from({ length: rows * columns }, (_, i) => ((i * 7) % 11) - 5),
    [rows, columns],
  );

describe.runIf(engine.name === 'native')("TensorFlow's kernels", () => {
  it('multiply matrices, transposed or not, and batches of them', () => {
    tf.tidy(() => {
      for (const transposeA of [false, true])
        for (const transposeB of [false, true]) {
          const [a, b] = [transposeA ? matrix(4, 3) : matrix(3, 4), transposeB ? matrix(5, 4) : matrix(4, 5)];
          const [left, right] = [transposeA ? a.transpose() : a, transposeB ? b.transpose() : b].map(
            (x) => x.arraySync() as number[][],
          );
          const expected = left!.map((row) =>
            right![0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * right![k]![j]!, 0)),
          );
          const product = tf.matMul(a, b, transposeA, transposeB);
          expect(product.arraySync()).toEqual(expected);
          const batch = tf.matMul(tf.stack([a, a]), tf.stack([b, b]), transposeA, transposeB);
          expect(batch.arraySync()).toEqual([expected, expected]);
        }
    });
  });

  it('gather rows, and refuse one that there is not', () => {
    tf.tidy(() => {
      const rows = (...ids: number[]) => tf.gather(matrix(3, 2), tf.tensor1d(ids, 'int32'));
      expect(rows(2, 0).arraySync()).toEqual([matrix(3, 2).arraySync()[2], matrix(3, 2).arraySync()[0]]);
      expect(() => rows(3)).toThrow('not in [0, 3)');
      expect(tf.gather(matrix(2, 3), tf.tensor1d([1], 'int32'), 1).shape).toEqual([2, 1]);
    });
  });

  it('insert a dimension', () => {
    tf.tidy(() => {
      for (const dtype of ['float32', 'int32', 'bool'] as const)
        expect(tf.zeros([2, 3], dtype).expandDims(1)).toMatchObject({ shape: [2, 1, 3], dtype });
    });
  });
});
