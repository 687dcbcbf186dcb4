/** Between ragged rows of numbers, one for each trajectory, and padded tensors. */
import { tf } from '../../engine/tensorflow';

/** [B, steps] the rows, with 0 after their ends. */
export function padRows(rows: readonly (readonly number[])[], steps: number): tf.Tensor2D {
  const padded = new Float32Array(rows.length * steps);
  rows.forEach((row, b) => {
    padded.set(row, b * steps);
  });
  return tf.tensor2d(padded, [rows.length, steps]);
}

/** The rows of a [B, T] tensor, each cut to the length of its trajectory. */
export async function unpadRows(
  tensor: tf.Tensor2D,
  trajectories: readonly { readonly rewards: readonly number[] }[],
): Promise<number[][]> {
  const values = await tensor.data();
  const steps = tensor.shape[1];
  return trajectories.map(({ rewards }, b) =>
    Array.from(values.subarray(b * steps, b * steps + rewards.length)),
  );
}

/** One number for each trajectory, at each of its actions. */
export function atEachAction(
  numbers: readonly number[],
  trajectories: readonly { readonly rewards: readonly number[] }[],
): number[][] {
  return trajectories.map(({ rewards }, b) => new Array<number>(rewards.length).fill(numbers[b]!));
}

/**
 * Tensors of B rows, by name, or of fewer that each serve as many consecutive rows, such as the prompts of groups of
 * responses; what a policy sees is a record of its own, and what is missing null.
 */
export type Rows = { readonly [name: string]: tf.Tensor | Rows | null };

/** The same tensors with the given rows alone; what rows shared, each of them then has for itself. */
export function takeRows<R extends Rows>(rows: R, indices: readonly number[]): R {
  const count = rowsOf(rows);
  return tf.tidy(() => {
    const take = (part: Rows): Rows =>
      Object.fromEntries(
        Object.entries(part).map(([name, inner]) => {
          if (inner === null) return [name, null];
          if (!(inner instanceof tf.Tensor)) return [name, take(inner)];
          const served = count / inner.shape[0]!;
          return [name, inner.gather(indices.map((row) => Math.floor(row / served)))];
        }),
      );
    return take(rows) as tf.TensorContainer;
  }) as R;
}

/** B */
function rowsOf(rows: Rows): number {
  const counts = Object.values(rows).map((part) => {
    if (part === null) return 0;
    return part instanceof tf.Tensor ? part.shape[0]! : rowsOf(part);
  });
  return Math.max(...counts);
}
