/**
 * AdamW: Adam with weight decay apart from the gradient, as torch.optim.AdamW computes it.
 *   m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²
 *   θ ← θ − η·λθ − η · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)
 * Kingma & Ba 2014, algorithm 1, arXiv:1412.6980; Loshchilov & Hutter 2017, algorithm 2, arXiv:1711.05101.
 */
import { adamW } from '../../engine/kernels/adamW';
import { tf } from '../../engine/tensorflow';
import type { OptimizerState } from './memory';

export interface AdamWConfig {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** λ; 0 is plain Adam. */
  readonly weightDecay?: number;
}

export interface Optimizer {
  /** What it goes on from, and changes with each step. */
  readonly state: OptimizerState;
  /**
   * One step down the gradient [P]; the learning rate η is a scalar, so that a schedule is an input like any other.
   * @param scale multiplied into the gradient, such as by clipping; 1 unless given
   */
  update(gradient: tf.Tensor1D, learningRate: tf.Scalar, scale?: tf.Scalar): void;
  dispose(): void;
}

/** An optimizer of one vector of parameters [P]; its state lives in variables, as the parameters do. */
export function createAdamW(parameters: tf.Variable<tf.Rank.R1>, config: AdamWConfig = {}): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = config;
  const state = tf.tidy(() => ({
    mean: tf.variable(tf.zerosLike(parameters)),
    square: tf.variable(tf.zerosLike(parameters)),
    meanWeight: tf.variable(tf.scalar(0)),
    squareWeight: tf.variable(tf.scalar(0)),
  }));
  const { mean, square, meanWeight, squareWeight } = state;

  function update(gradient: tf.Tensor1D, learningRate: tf.Scalar, scale: tf.Scalar = tf.scalar(1)): void {
    tf.tidy(() => {
      // 1 − βᵗ as the same average of ones: the difference itself would cancel four digits of β₂ᵗ in float32
      meanWeight.assign(meanWeight.mul(beta1).add(1 - beta1));
      squareWeight.assign(squareWeight.mul(beta2).add(1 - beta2));
      const [next, nextMean, nextSquare] = adamW(
        { parameters, mean, square, gradient },
        { learningRate, meanWeight, squareWeight, scale },
        { beta1, beta2, epsilon, weightDecay },
      );
      parameters.assign(next);
      mean.assign(nextMean);
      square.assign(nextSquare);
    });
  }

  return { state, update, dispose: () => tf.dispose(state) };
}

/**
 * What a gradient is multiplied by to have a largest Euclidean norm, as torch.nn.utils.clip_grad_norm_ does.
 * @returns a scalar, at most 1
 */
export function clippingScale(gradient: tf.Tensor1D, maxNorm: number): tf.Scalar {
  return tf.tidy(() => {
    const norm = gradient.square().sum().sqrt();
    return tf.minimum<tf.Scalar>(1, tf.div(maxNorm, norm.add(1e-6)));
  });
}
