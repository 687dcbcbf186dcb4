/** Going down the gradient of an objective, step by step: gradient, clipping by its norm, AdamW. */
import { compile, type TensorTree } from '../../engine/compile';
import { tf } from '../../engine/tensorflow';
import { InputError } from '../../errors/inputError';
import type { Parameters } from '../../models/parameters';
import { type AdamWConfig, clippingScale, createAdamW } from './adamW';
import type { OptimizerState } from './memory';

/** The loss to be minimized, and what else is worth telling of a batch. */
export type Measured = { readonly loss: tf.Scalar } & Readonly<Record<string, tf.Tensor>>;

/** A scalar becomes a number, anything larger its numbers in order. */
export type Numbers<M extends Measured> = {
  readonly [Name in keyof M]: M[Name] extends tf.Scalar ? number : number[];
} & {
  /** Euclidean, before any clipping. */
  readonly grad_norm: number;
};

/**
 * A function of tensors alone: nothing is read back in it, and what it takes from outside does not change, but for
 * variables.
 */
export type Objective<Batch, M extends Measured> = (batch: Batch) => M;

export interface DescentConfig extends AdamWConfig {
  /** The gradient is scaled down to this Euclidean norm. */
  readonly maxGradNorm: number;
}

export interface Gradient<M extends Measured> {
  readonly numbers: Numbers<M>;
  /** [P] */
  readonly gradient: tf.Tensor1D;
}

export interface Descent<Batch, M extends Measured> {
  /** The optimizer's. */
  readonly state: OptimizerState;
  /**
   * The gradient of the objective by the parameters, and all that it measured.
   * @throws where the loss or the gradient is not finite: one sentence that tells the step and what was measured.
   *         The parameters have not been touched.
   */
  measure(batch: Batch, step: number): Promise<Gradient<M>>;
  /** The optimizer's step down a gradient, which is used up. */
  take(gradient: tf.Tensor1D, learningRate: number): void;
  /** Both: measures the gradient on a batch and takes the step down it. */
  step(batch: Batch, at: { readonly step: number; readonly learningRate: number }): Promise<Numbers<M>>;
  /** Of the optimizer's state, and of what was compiled. */
  dispose(): void;
}

/** The gradient of an objective by the parameters, as a compiled step; disposed of by who made it. */
export function compileGradient<Batch extends TensorTree, M extends Measured>(
  { vector }: Parameters,
  objective: Objective<Batch, M>,
): { measure: Descent<Batch, M>['measure']; dispose(): void } {
  const evaluate = compile(
    (batch: Batch) => {
      let measured!: M;
      const { grads } = tf.variableGrads(() => {
        measured = objective(batch);
        for (const tensor of Object.values(measured)) tf.keep(tensor);
        return measured.loss;
      }, [vector]);
      const gradient = grads[vector.name] as tf.Tensor1D;
      const told = { ...measured, grad_norm: gradient.square().sum().sqrt() };
      return { gradient, told: told as Readonly<Record<string, tf.Tensor>> };
    },
    { name: 'gradient' },
  );

  async function measure(batch: Batch, step: number): Promise<Gradient<M>> {
    const { gradient, told } = evaluate(batch);
    const numbers: Record<string, number | number[]> = {};
    for (const [name, tensor] of Object.entries(told)) {
      const values = await tensor.data();
      numbers[name] = tensor.shape.length === 0 ? values[0]! : Array.from(values);
      tensor.dispose();
    }
    if (!Number.isFinite(numbers.loss) || !Number.isFinite(numbers.grad_norm)) {
      gradient.dispose();
      throw new InputError(notFinite(step, numbers));
    }
    return { numbers: numbers as Numbers<M>, gradient };
  }

  return { measure, dispose: evaluate.dispose };
}

/** @param objective measured before each step, on whatever batch the step learns from */
export function createDescent<Batch extends TensorTree, M extends Measured>(
  parameters: Parameters,
  objective: Objective<Batch, M>,
  config: DescentConfig,
): Descent<Batch, M> {
  const gradients = compileGradient(parameters, objective);
  const optimizer = createAdamW(parameters.vector, config);
  const update = compile(
    (gradient: tf.Tensor1D, learningRate: tf.Scalar) => {
      optimizer.update(gradient, learningRate, clippingScale(gradient, config.maxGradNorm));
      return null;
    },
    { name: 'AdamW' },
  );

  function take(gradient: tf.Tensor1D, learningRate: number): void {
    tf.tidy(() => {
      update(gradient, tf.scalar(learningRate));
    });
    gradient.dispose();
  }

  return {
    state: optimizer.state,
    measure: gradients.measure,
    take,
    step: async (batch, { step, learningRate }) => {
      const { numbers, gradient } = await gradients.measure(batch, step);
      take(gradient, learningRate);
      return numbers;
    },
    dispose: () => {
      gradients.dispose();
      update.dispose();
      optimizer.dispose();
    },
  };
}

function notFinite(step: number, numbers: Record<string, number | number[]>): string {
  const told = Object.entries(numbers).filter(([, value]) => typeof value === 'number');
  const seen = told.map(([name, value]) => `${name} ${value}`).join(', ');
  return `step ${step} was not taken, since its loss or its gradient is not finite: ${seen}. The parameters are those from before this update.`;
}
