import { tf } from '../engine/tensorflow';

export interface Solution {
  readonly x: tf.Tensor1D;
  /** ‖b − A x‖, as the recurrence keeps it. */
  readonly residual: tf.Scalar;
  /** [iterations + 1] the same before the first iteration, ‖b‖, and after each. */
  readonly residuals: tf.Tensor1D;
}

/**
 * Solves A x = b for a symmetric, positive definite A that is known by its products with vectors alone.
 * Hestenes & Stiefel 1952, "Methods of conjugate gradients for solving linear systems", starting from x = 0. In exact
 * arithmetic n iterations solve n equations; TRPO takes ten for any number.
 * @param product    v ↦ A v, [P] → [P]
 * @param b          [P]
 * @param iterations how many; one that finds nothing left to do changes nothing
 */
export function conjugateGradient(
  product: (v: tf.Tensor1D) => tf.Tensor1D,
  b: tf.Tensor1D,
  iterations: number,
): Solution {
  const dot = (u: tf.Tensor1D, v: tf.Tensor1D) => u.mul(v).sum() as tf.Scalar;
  type State = { x: tf.Tensor1D; remainder: tf.Tensor1D; direction: tf.Tensor1D; square: tf.Scalar };

  function iterate({ x, remainder, direction, square }: State): State {
    const image = product(direction);
    const step = tf.divNoNan(square, dot(direction, image));
    const nextRemainder = remainder.sub<tf.Tensor1D>(image.mul(step));
    const nextSquare = dot(nextRemainder, nextRemainder);
    return {
      x: x.add(direction.mul(step)),
      remainder: nextRemainder,
      direction: nextRemainder.add(direction.mul(tf.divNoNan(nextSquare, square))),
      square: nextSquare,
    };
  }

  return tf.tidy(() => {
    let state: State = { x: tf.zerosLike(b), remainder: b, direction: b, square: dot(b, b) };
    const squares = [state.square];
    for (let i = 0; i < iterations; i++) {
      state = tf.tidy(() => iterate(state));
      squares.push(state.square);
    }
    return { x: state.x, residual: state.square.sqrt(), residuals: tf.stack(squares).sqrt() as tf.Tensor1D };
  });
}
