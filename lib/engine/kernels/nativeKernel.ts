/** Kernels of the native engine: TensorFlow.js's name for what TensorFlow does. */
import * as tf from '@tensorflow/tfjs';

/** The part of tfjs-node's backend that runs an operation of TensorFlow. */
export interface NodeBackend {
  readonly binding: Readonly<
    Record<'TF_ATTR_INT' | 'TF_ATTR_FLOAT' | 'TF_ATTR_BOOL' | 'TF_ATTR_TYPE', number>
  >;
  executeMultipleOutputs(
    name: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

export interface OperationAttribute {
  readonly name: string;
  /** One of the binding's TF_ATTR_ numbers. */
  readonly type: number;
  readonly value: unknown;
}

/** TensorFlow's numbers for the types of TensorFlow.js. */
export const nativeTypes: Readonly<Record<string, number>> = {
  float32: 1,
  int32: 3,
  string: 7,
  complex64: 8,
  bool: 10,
};

/** Replaces a kernel of the native engine: a module that is loaded again registers its own again. */
export function registerNativeKernel(
  kernelName: string,
  run: (
    backend: NodeBackend,
    inputs: Readonly<Record<string, tf.TensorInfo>>,
    attributes: Readonly<Record<string, unknown>>,
  ) => tf.Tensor | tf.Tensor[],
): void {
  const backendName = 'tensorflow';
  if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) =>
      run(
        backend as NodeBackend,
        inputs as Readonly<Record<string, tf.TensorInfo>>,
        (attrs ?? {}) as Readonly<Record<string, unknown>>,
      ),
  });
}
