/**
 * Fused kernels: what takes a chain of operations of TensorFlow.js is one operation of kernels.cc on the native CPU
 * engine. Elsewhere, and inside `withComposites`, the same function is composed of TensorFlow.js's operations.
 */
import { engine, tf } from '../tensorflow';
import { registerNativeKernel } from './nativeKernel';

let composed = 0;

/** Whether a fused kernel runs here and now. */
export function fused(): boolean {
  return engine.fused && composed === 0;
}

/** Runs f without fused kernels: for a compiler that knows TensorFlow's own operations only, and to compare the two. */
export function withComposites<T>(f: () => T): T {
  composed++;
  try {
    return f();
  } finally {
    composed--;
  }
}

interface KernelSpecification {
  /** Names of the inputs, in the order of the operation's; those of a call, in its order, unless said. */
  readonly inputs?: readonly string[];
  readonly outputs?: number;
  /** The operation's attributes: of type int, unless said. */
  readonly attributes?: Readonly<Record<string, 'int' | 'float'>>;
}

type FusedKernel = (
  inputs: Readonly<Record<string, tf.Tensor>>,
  attributes?: Readonly<Record<string, number>>,
) => tf.Tensor[];

/** Makes an operation of kernels.cc one of TensorFlow.js; a gradient is registered apart. */
export function fusedKernel(
  name: string,
  { inputs: names, outputs = 1, attributes: types = {} }: KernelSpecification,
): FusedKernel {
  registerNativeKernel(name, (backend, inputs, values) => {
    const { TF_ATTR_FLOAT, TF_ATTR_INT } = backend.binding;
    const attributes = Object.entries(types).map(([attribute, type]) => ({
      name: attribute,
      type: type === 'float' ? TF_ATTR_FLOAT : TF_ATTR_INT,
      value: values[attribute] as number,
    }));
    const results = backend.executeMultipleOutputs(
      name,
      attributes,
      (names ?? Object.keys(inputs)).map((input) => inputs[input]!),
      outputs,
    );
    return outputs === 1 ? results[0]! : results;
  });
  return (inputs, attributes = {}) =>
    [tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, { ...inputs }, { ...attributes })].flat();
}

type Gradient<Input extends string> = (
  upstream: tf.Tensor,
  saved: tf.Tensor[],
  attributes: Readonly<Record<string, number>>,
) => Readonly<Record<Input, tf.Tensor>>;

/**
 * Registers the gradient of a fused kernel with one output.
 * @param inputsToSave what `gradient` gets as `saved`, in this order
 * @param gradient     of each input that has one, all computed at once
 */
export function fusedGradient<Input extends string>(
  kernelName: string,
  inputsToSave: string[],
  gradient: Gradient<Input>,
): void {
  tf.registerGradient({
    kernelName,
    inputsToSave,
    gradFunc: (upstream, saved, attributes) => {
      const gradients = gradient(
        upstream as tf.Tensor,
        saved,
        attributes as unknown as Readonly<Record<string, number>>,
      );
      return Object.fromEntries(
        Object.entries<tf.Tensor>(gradients).map(([input, tensor]) => [input, () => tensor]),
      );
    },
  });
}
