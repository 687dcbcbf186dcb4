/**
 * AdamW: Adam with weight decay apart from the gradient, as torch.optim.AdamW computes it.
 *   m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²
 *   θ ← θ − η·λθ − η · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)
 * Kingma & Ba 2014, algorithm 1, arXiv:1412.6980; Loshchilov & Hutter 2017, algorithm 2, arXiv:1711.05101.
 */
import { tf } from '../engine/tensorflow';

export interface AdamWConfig {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** λ; 0 is plain Adam. */
  readonly weightDecay?: number;
}

export interface Optimizer {
  /** One step down the gradient [P]; the learning rate η is a scalar, so that a schedule is an input like any other. */
  update(gradient: tf.Tensor1D, learningRate: tf.Scalar): void;
  dispose(): void;
}

/** An optimizer of one vector of parameters [P]; its state lives in variables, as the parameters do. */
export function createAdamW(parameters: tf.Variable<tf.Rank.R1>, config: AdamWConfig = {}): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = config;
  const [mean, square, beta1Power, beta2Power] = tf.tidy(() => [
    tf.variable(tf.zerosLike(parameters)),
    tf.variable(tf.zerosLike(parameters)),
    tf.variable(tf.scalar(1)),
    tf.variable(tf.scalar(1)),
  ]);

  function update(gradient: tf.Tensor1D, learningRate: tf.Scalar): void {
    tf.tidy(() => {
      mean.assign(mean.mul(beta1).add(gradient.mul(1 - beta1)));
      square.assign(square.mul(beta2).add(gradient.square().mul(1 - beta2)));
      beta1Power.assign(beta1Power.mul(beta1));
      beta2Power.assign(beta2Power.mul(beta2));
      const unbiasedMean = mean.div(tf.sub(1, beta1Power));
      const unbiasedSquare = square.div(tf.sub(1, beta2Power));
      const step = unbiasedMean.div(unbiasedSquare.sqrt().add(epsilon)).add(parameters.mul(weightDecay));
      parameters.assign(parameters.sub(step.mul(learningRate)));
    });
  }

  return { update, dispose: () => tf.dispose([mean, square, beta1Power, beta2Power]) };
}

/**
 * Scales a gradient down to a largest Euclidean norm, as torch.nn.utils.clip_grad_norm_ does.
 * @returns the gradient, and its norm before clipping
 */
export function clipByNorm(gradient: tf.Tensor1D, maxNorm: number): [clipped: tf.Tensor1D, norm: tf.Scalar] {
  return tf.tidy(() => {
    const norm = gradient.square().sum().sqrt() as tf.Scalar;
    const scale = tf.minimum(1, tf.div(maxNorm, norm.add(1e-6)));
    return [gradient.mul(scale), norm];
  });
}
