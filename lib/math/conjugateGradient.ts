import { tf } from '../engine/tensorflow';

export interface Solution {
  readonly x: tf.Tensor1D;
  /** ‖b − A x‖, as the recurrence keeps it. */
  readonly residual: tf.Scalar;
  /** [iterations + 1] the same before the first iteration, ‖b‖, and after each. */
  readonly residuals: tf.Tensor1D;
}

/** Where the iteration stands. */
export type ConjugateGradientState = {
  readonly x: tf.Tensor1D;
  /** b − A x */
  readonly remainder: tf.Tensor1D;
  readonly direction: tf.Tensor1D;
  /** ‖b − A x‖² */
  readonly square: tf.Scalar;
};

const dot = (u: tf.Tensor1D, v: tf.Tensor1D) => u.mul(v).sum() as tf.Scalar;

/** Before the first iteration: x = 0. */
export function conjugateGradientStart(b: tf.Tensor1D): ConjugateGradientState {
  return tf.tidy(() => ({
    x: tf.zerosLike(b),
    remainder: b.clone(),
    direction: b.clone(),
    square: dot(b, b),
  }));
}

/** One iteration; one that finds nothing left to do changes nothing. */
export function conjugateGradientStep(
  product: (v: tf.Tensor1D) => tf.Tensor1D,
  { x, remainder, direction, square }: ConjugateGradientState,
): ConjugateGradientState {
  return tf.tidy(() => {
    const image = product(direction);
    const length = tf.divNoNan(square, dot(direction, image));
    const nextRemainder = remainder.sub<tf.Tensor1D>(image.mul(length));
    const nextSquare = dot(nextRemainder, nextRemainder);
    return {
      x: x.add<tf.Tensor1D>(direction.mul(length)),
      remainder: nextRemainder,
      direction: nextRemainder.add<tf.Tensor1D>(direction.mul(tf.divNoNan(nextSquare, square))),
      square: nextSquare,
    };
  });
}

/**
 * Solves A x = b for a symmetric, positive definite A that is known by its products with vectors alone.
 * Hestenes & Stiefel 1952, "Methods of conjugate gradients for solving linear systems", starting from x = 0. In exact
 * arithmetic n iterations solve n equations; TRPO takes ten for any number.
 * @param product    v ↦ A v, [P] → [P]
 * @param b          [P]
 * @param iterations how many
 */
export function conjugateGradient(
  product: (v: tf.Tensor1D) => tf.Tensor1D,
  b: tf.Tensor1D,
  iterations: number,
): Solution {
  return tf.tidy(() => {
    let state = conjugateGradientStart(b);
    const squares = [state.square];
    for (let i = 0; i < iterations; i++) {
      state = conjugateGradientStep(product, state);
      squares.push(state.square);
    }
    return { x: state.x, residual: state.square.sqrt(), residuals: tf.stack(squares).sqrt() as tf.Tensor1D };
  });
}
