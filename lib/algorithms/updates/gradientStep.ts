/** One step down the gradient of an objective: gradient, clipping by its norm, optimizer. */
import { tf } from '../../engine/tensorflow';
import { InputError } from '../../errors/inputError';
import type { Parameters } from '../../models/parameters';
import { clipByNorm, type Optimizer } from './adamW';

/** The loss to be minimized, and what else is worth telling of a batch. */
export type Measured = { readonly loss: tf.Scalar } & Readonly<Record<string, tf.Tensor>>;

/** A scalar becomes a number, anything larger its numbers in order. */
export type Numbers<M extends Measured> = {
  readonly [Name in keyof M]: M[Name] extends tf.Scalar ? number : number[];
} & {
  /** Euclidean, before any clipping. */
  readonly grad_norm: number;
};

/** A function of tensors alone: nothing is read back in it, and what it takes from outside does not change. */
export type Objective<Batch, M extends Measured> = (batch: Batch) => M;

export interface Descent<Batch, M extends Measured> {
  readonly parameters: Parameters;
  readonly optimizer: Optimizer;
  /** The gradient is scaled down to this Euclidean norm. */
  readonly maxGradNorm: number;
  readonly objective: Objective<Batch, M>;
}

/**
 * The gradient [P] of an objective by the parameters, and all that it measured.
 * @throws where the loss or the gradient is not finite: one sentence that tells the step and what was measured.
 *         The parameters have not been touched.
 */
export async function measureGradient<Batch, M extends Measured>(
  { vector }: Parameters,
  objective: Objective<Batch, M>,
  batch: Batch,
  step: number,
): Promise<{ readonly numbers: Numbers<M>; readonly gradient: tf.Tensor1D }> {
  const shapes: [name: string, shape: readonly number[]][] = [];
  const [gradient, flat] = tf.tidy(() => {
    let measured!: M;
    const { grads } = tf.variableGrads(() => {
      measured = objective(batch);
      for (const tensor of Object.values(measured)) tf.keep(tensor);
      return measured.loss;
    }, [vector]);
    const down = grads[vector.name] as tf.Tensor1D;
    const named: [string, tf.Tensor][] = [
      ...Object.entries(measured),
      ['grad_norm', down.square().sum().sqrt()],
    ];
    for (const [name, { shape }] of named) shapes.push([name, shape]);
    const all = tf.concat(named.map(([, tensor]) => tensor.flatten()));
    tf.dispose(measured);
    return [down, all];
  });
  const values = Array.from(await flat.data());
  flat.dispose();

  const numbers: Record<string, number | number[]> = {};
  let start = 0;
  for (const [name, shape] of shapes) {
    const end = start + shape.reduce((size, length) => size * length, 1);
    numbers[name] = shape.length === 0 ? values[start]! : values.slice(start, end);
    start = end;
  }
  if (!Number.isFinite(numbers.loss) || !Number.isFinite(numbers.grad_norm)) {
    gradient.dispose();
    throw new InputError(notFinite(step, numbers));
  }
  return { numbers: numbers as Numbers<M>, gradient };
}

/** Measures the gradient on a batch and takes the optimizer's step down it. */
export async function gradientStep<Batch, M extends Measured>(
  descent: Descent<Batch, M>,
  batch: Batch,
  { step, learningRate }: { readonly step: number; readonly learningRate: number },
): Promise<Numbers<M>> {
  const { numbers, gradient } = await measureGradient(descent.parameters, descent.objective, batch, step);
  takeStep(descent, gradient, learningRate);
  return numbers;
}

/** The optimizer's step down a gradient, which is used up. */
export function takeStep(
  { optimizer, maxGradNorm }: { readonly optimizer: Optimizer; readonly maxGradNorm: number },
  gradient: tf.Tensor1D,
  learningRate: number,
): void {
  tf.tidy(() => optimizer.update(clipByNorm(gradient, maxGradNorm)[0], tf.scalar(learningRate)));
  gradient.dispose();
}

function notFinite(step: number, numbers: Record<string, number | number[]>): string {
  const told = Object.entries(numbers).filter(([, value]) => typeof value === 'number');
  const seen = told.map(([name, value]) => `${name} ${value}`).join(', ');
  return `step ${step} was not taken, since its loss or its gradient is not finite: ${seen}. The parameters are those from before this update.`;
}
