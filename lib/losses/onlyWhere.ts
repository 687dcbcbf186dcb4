import { tf } from '../engine/tensorflow';

/**
 * The numbers where the mask is on, and 0 elsewhere. What is masked may be anything, also not a number or infinite: it
 * has no part in what follows, and its gradient is exactly 0. A product with the mask would not do, since 0 · NaN is
 * NaN, both on the way forward and in the gradient of whatever non-linear function came before.
 * @param mask   above 0 where it is on; of the shape of the values, or one that spreads to it; constant
 * @param values of any shape
 */
export function onlyWhere<T extends tf.Tensor>(mask: tf.Tensor, values: T): T {
  const keep = (on: tf.Tensor, x: tf.Tensor) => tf.where(on, x, tf.zerosLike(x));
  const chosen = tf.customGrad((x, save) => {
    const on = mask.greater(0);
    (save as (kept: tf.Tensor[]) => void)([on]);
    return {
      value: keep(on, x as tf.Tensor),
      gradFunc: (upstream: tf.Tensor, saved: tf.Tensor[]) => keep(saved[0]!, upstream),
    };
  });
  return chosen(values) as T;
}
