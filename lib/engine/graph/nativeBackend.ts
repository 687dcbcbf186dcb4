/** The part of the native engine's backend that recording and replaying stand on. */
import type { OperationAttribute } from '../kernels/nativeKernel';
import { tf } from '../tensorflow';

/** What an operation made: a tensor of the native library, by its number. */
export interface NativeTensor {
  readonly id: number;
  readonly shape: number[];
  /** TensorFlow's number for the type. */
  readonly dtype: number;
}

/** The addon's functions. */
export interface Binding {
  readonly [constant: `TF_ATTR_${string}`]: number;
  executeOp(
    name: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): NativeTensor[];
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  loadSavedModel(folder: string, tag: string): number;
  deleteSavedModel(session: number): void;
  runSavedModel(
    session: number,
    inputs: readonly number[],
    inputNames: string,
    outputNames: string,
  ): NativeTensor[];
}

export interface NativeBackend {
  binding: Binding;
  /** What the library knows of a tensor's data. */
  readonly tensorMap: { get(dataId: object): NativeTensor };
  /** The number of each tensor in the library, which gets the values of those that it does not hold yet. */
  getInputTensorIds(tensors: readonly tf.Tensor[]): number[];
  createOutputTensor(made: NativeTensor): tf.Tensor;
  /** How many tensors share the data. */
  refCount(dataId: object): number;
}

export const nativeBackend = (): NativeBackend => tf.backend() as unknown as NativeBackend;

/** The number of a tensor in the library. */
export function nativeId(tensor: tf.Tensor): number {
  return nativeBackend().getInputTensorIds([tensor])[0]!;
}
