import { tf } from '../engine/tensorflow';
import { onlyWhere } from './onlyWhere';
import { stopGradient } from './stopGradient';

/**
 * Estimates of KL(π‖π_ref) from tokens that π sampled, each from d = log π − log π_ref:
 *   k1 = d;  k2 = d²/2;  k3 = e^(−d) + d − 1
 * Schulman 2020, "Approximating KL divergence". k1 and k3 are unbiased, k3 is never negative; k2 is biased, but its
 * gradient is that of the KL in expectation. k3+ has k3's value and k2's gradient, as in verl.
 */
export type KlEstimator = 'k1' | 'k2' | 'k3' | 'k3+';

export interface KlClamp {
  /** d is cut to ± this. */
  readonly logRatio: number;
  /** The estimate is cut to ± this. */
  readonly estimate: number;
}

/**
 * @param logProbs    [B, T] log π in nats; the only argument that gets a gradient
 * @param refLogProbs [B, T] log π_ref; constant
 * @param clamp       bounds k3, and where it holds k3 has no gradient: verl cuts d to ±20 and the estimate to ±10.
 *                    Without it k3 is infinite below d = −88, its gradient too.
 * @returns           [B, T] in nats
 */
export function estimateKl(
  logProbs: tf.Tensor2D,
  refLogProbs: tf.Tensor2D,
  estimator: KlEstimator,
  clamp: KlClamp | null = null,
): tf.Tensor2D {
  return tf.tidy(() => {
    const d = logProbs.sub<tf.Tensor2D>(stopGradient(refLogProbs));
    switch (estimator) {
      case 'k1':
        return d;
      case 'k2':
        return d.square().div<tf.Tensor2D>(2);
      case 'k3':
        return bounded(d, clamp);
      case 'k3+':
        return straightThrough(d, clamp);
    }
  });
}

/**
 * k3 and its derivative 1 − e^(−d), of which float32 keeps six digits at every d. Near 0 the sum would cancel what
 * e^(−d) says beyond 1 − d: there the series d²/2 − d³/6 + d⁴/24 − d⁵/120 + d⁶/720 stands for it, whose next term is
 * below d²/2 · 2e-8.
 */
function k3<T extends tf.Tensor>(d: T): T {
  const estimate = tf.customGrad((x, save) => {
    const value = x as T;
    (save as (kept: tf.Tensor[]) => void)([value]);
    const series = value
      .mul(1 / 720)
      .sub(1 / 120)
      .mul(value)
      .add(1 / 24)
      .mul(value)
      .sub(1 / 6)
      .mul(value)
      .add(1 / 2)
      .mul(value.square());
    return {
      value: tf.where(value.abs().less(1 / 8), series, value.neg().expm1().add(value)),
      gradFunc: (upstream: tf.Tensor, saved: tf.Tensor[]) => upstream.mul(saved[0]!.neg().expm1().neg()),
    };
  });
  return estimate(d) as T;
}

function bounded(d: tf.Tensor2D, clamp: KlClamp | null): tf.Tensor2D {
  if (!clamp) return k3(d);
  const { logRatio, estimate } = clamp;
  return k3(d.clipByValue(-logRatio, logRatio)).clipByValue(-estimate, estimate) as tf.Tensor2D;
}

/** The value of k3 with the gradient of k2, d·ḋ. */
function straightThrough(d: tf.Tensor2D, clamp: KlClamp | null): tf.Tensor2D {
  const estimate = tf.customGrad((x, save) => {
    const difference = x as tf.Tensor2D;
    (save as (kept: tf.Tensor[]) => void)([difference]);
    return {
      value: bounded(difference, clamp),
      gradFunc: (upstream: tf.Tensor, saved: tf.Tensor[]) => upstream.mul(saved[0]!),
    };
  });
  return estimate(d) as tf.Tensor2D;
}

/**
 * The exact KL(p‖q) of each step's distribution over actions.
 *   Σ_a p_a (log p_a − log q_a) = Σ_a [p_a d_a − p_a + q_a] = Σ_a p_a k3(d_a),  d_a = log p_a − log q_a
 * The terms of the first sum are of either sign and cancel where p is near q: of a KL of 1e-7 float32 would leave
 * nothing. Those of the others are never negative. The second is for d_a far from 0, where k3 could overflow.
 * Its gradients by the logits are p ∘ (d − KL) and q − p.
 * @param logits      [B, T, A] of p; gets a gradient. An action at −∞ has probability 0 and adds q_a.
 * @param otherLogits [B, T, A] of q; gets a gradient too. An action at −∞ alone makes the KL infinite.
 * @returns           [B, T] in nats, never negative
 */
export function exactKl(logits: tf.Tensor3D, otherLogits: tf.Tensor3D): tf.Tensor2D {
  const divergence = tf.customGrad((one, other, save) => {
    const [logP, logQ] = [tf.logSoftmax(one as tf.Tensor3D), tf.logSoftmax(other as tf.Tensor3D)];
    const [p, q] = [logP.exp(), logQ.exp()];
    // 0 where p is, as 0 log 0 is
    const d = onlyWhere(p, logP.sub(logQ));
    const isNear = d.abs().less(1).logicalAnd(p.greater(0));
    const near = p.mul(k3(tf.where(isNear, d, tf.zerosLike(d))));
    const far = p.mul(d).sub(p).add(q);
    const kl = tf.where(isNear, near, far).sum(-1, true);
    (save as (kept: tf.Tensor[]) => void)([p, q, d, kl]);
    return {
      value: kl.squeeze<tf.Tensor2D>([-1]),
      gradFunc: (upstream: tf.Tensor, saved: tf.Tensor[]) => {
        const [p, q, d, kl] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const each = upstream.expandDims(-1);
        return [d.sub(kl).mul(p).mul(each), q.sub(p).mul(each)];
      },
    };
  });
  return divergence(logits, otherLogits) as tf.Tensor2D;
}
