import { tf } from '../engine/tensorflow';

/**
 * The same numbers, through which no gradient flows: sg(x) in the papers, `detach` in PyTorch. What a loss calls
 * constant goes through it, since otherwise log π − sg(log π) with one and the same tensor would silently have the
 * gradient 0.
 */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  // x is no argument of the function, so that no gradient is asked of it
  const constant = tf.customGrad(() => ({ value: x.clone(), gradFunc: () => [] }));
  return constant() as T;
}
