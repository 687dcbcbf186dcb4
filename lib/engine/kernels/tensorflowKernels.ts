/** Kernels of tfjs-node that are replaced by ones that do the same with less. */
import * as tf from '@tensorflow/tfjs';
import { type NodeBackend, nativeTypes, registerNativeKernel } from './nativeKernel';

const type = ({ binding }: NodeBackend, name: string, dtype: string) => ({
  name,
  type: binding.TF_ATTR_TYPE,
  value: nativeTypes[dtype]!,
});
const flag = ({ binding }: NodeBackend, name: string, value: unknown) => ({
  name,
  type: binding.TF_ATTR_BOOL,
  value: Boolean(value),
});

/** Called once tfjs-node has registered its own. */
export function replaceNativeKernels(): void {
  // Two matrices go to TensorFlow's MatMul rather than to its batched product. With one thread the two are within 8 % of
  // each other, either way; with two MatMul is up to a fifth faster, and takes half the time where there are few rows.
  registerNativeKernel('BatchMatMul', (backend, { a, b }, { transposeA, transposeB }) => {
    const matrices = a!.shape.length === 2 && b!.shape.length === 2;
    const [name, left, right] = matrices
      ? (['MatMul', 'transpose_a', 'transpose_b'] as const)
      : (['BatchMatMulV2', 'adj_x', 'adj_y'] as const);
    const attributes = [
      type(backend, 'T', a!.dtype),
      flag(backend, left, transposeA),
      flag(backend, right, transposeB),
    ];
    return backend.executeMultipleOutputs(name, attributes, [a!, b!], 1)[0]!;
  });

  // Without reading the indices back to check them, which stops a recording and takes more than half the time (72 to
  // 32 µs for 1,472 rows of 64): TensorFlow checks them on the CPU itself.
  registerNativeKernel('GatherV2', (backend, { x, indices }, { axis, batchDims }) => {
    const at = tf.scalar(axis as number, 'int32');
    const attributes = [
      { name: 'batch_dims', type: backend.binding.TF_ATTR_INT, value: (batchDims as number) ?? 0 },
      type(backend, 'Tparams', x!.dtype),
      type(backend, 'Tindices', indices!.dtype),
      type(backend, 'Taxis', 'int32'),
    ];
    const [rows] = backend.executeMultipleOutputs('GatherV2', attributes, [x!, indices!, at], 1);
    at.dispose();
    return rows!;
  });

  // With the types of its inputs, which a recorded graph must be told.
  registerNativeKernel('ExpandDims', (backend, { input }, { dim }) => {
    const at = tf.scalar(dim as number, 'int32');
    const attributes = [type(backend, 'T', input!.dtype), type(backend, 'Tdim', 'int32')];
    const [expanded] = backend.executeMultipleOutputs('ExpandDims', attributes, [input!, at], 1);
    at.dispose();
    return expanded!;
  });
}
