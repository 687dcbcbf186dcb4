/**
 * Runs a step once and writes down what it asks of TensorFlow: which operations, on what. TensorFlow.js differentiates
 * by itself, so that a whole step, its gradient and its optimizer are one flat list of operations.
 */
import { InputError } from '../../errors/inputError';
import type { OperationAttribute } from '../kernels/nativeKernel';
import { tf } from '../tensorflow';
import { type Binding, type NativeTensor, nativeBackend, nativeId } from './nativeBackend';
import { leavesOf, type TensorTree } from './tensorTree';

export interface RecordedOperation {
  readonly name: string;
  readonly attributes: readonly OperationAttribute[];
  readonly inputs: readonly number[];
  readonly outputs: readonly NativeTensor[];
}

/** A tensor that was there before the step and is neither an input nor a variable, or a number in the step's code. */
export interface RecordedConstant {
  readonly shape: readonly number[];
  readonly dtype: number;
  readonly bytes: Uint8Array;
}

export interface Recording<O> {
  readonly operations: readonly RecordedOperation[];
  readonly constants: ReadonlyMap<number, RecordedConstant>;
  /** The variables that there were, by the number that their value had before the step. */
  readonly variables: ReadonlyMap<number, tf.Variable>;
  /** Those that the step gave another value. */
  readonly assigned: readonly tf.Variable[];
  /** What the step returned. */
  readonly result: O;
}

/** Operations that a graph would not repeat as the step does, and why. */
const refused: Readonly<Record<string, string>> = {
  Multinomial: drawsNumbers(),
  RandomUniform: drawsNumbers(),
  RandomUniformInt: drawsNumbers(),
  RandomStandardNormal: drawsNumbers(),
  TruncatedNormal: drawsNumbers(),
  RandomGamma: drawsNumbers(),
  RandomShuffle: drawsNumbers(),
  Where: 'whose result has another shape for other values',
  Unique: 'whose result has another shape for other values',
};

function drawsNumbers(): string {
  return "which draws the engine's own random numbers; draw them before the step and pass them in as a tensor";
}

let isRecording = false;

/** Whether a step is being recorded: what it calls then runs as it is. */
export const recordingNow = (): boolean => isRecording;

/**
 * @param name   of the step, for messages
 * @param inputs the tensors that will differ from call to call
 * @param step   what to run
 * @throws       for what cannot be replayed: a value read back, a random draw, a variable made; and what the step throws
 */
export function record<O extends TensorTree>(
  name: string,
  inputs: readonly tf.Tensor[],
  step: () => O,
): Recording<O> {
  const backend = nativeBackend();
  const { binding, getInputTensorIds } = backend;
  const { registeredVariables } = tf.engine();
  const before = Object.values(registeredVariables);
  for (const variable of before) separate(variable);

  const variables = new Map(before.map((variable) => [nativeId(variable), variable]));
  const known = new Set([...variables.keys(), ...inputs.map(nativeId)]);
  const operations: RecordedOperation[] = [];
  const constants = new Map<number, RecordedConstant>();
  const makers = new Map<number, string>();
  const cannot = (what: string) => new InputError(`the step "${name}" cannot be compiled: it ${what}.`);

  function noteConstants(tensors: readonly tf.Tensor[], ids: readonly number[]): void {
    ids.forEach((id, i) => {
      if (known.has(id)) return;
      known.add(id);
      const { shape, dtype } = backend.tensorMap.get(tensors[i]!.dataId);
      if (tensors[i]!.dtype === 'string') throw cannot('uses text');
      const values = binding.tensorDataSync(id);
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
      constants.set(id, { shape, dtype, bytes });
    });
  }

  const listening = Object.create(binding, {
    executeOp: {
      value: (operation: string, ...[attributes, ids, count]: Tail<Parameters<Binding['executeOp']>>) => {
        if (refused[operation]) throw cannot(`runs ${operation}, ${refused[operation]}`);
        const outputs = binding.executeOp(operation, attributes, ids, count);
        operations.push({ name: operation, attributes, inputs: [...ids], outputs });
        for (const { id } of outputs) {
          known.add(id);
          makers.set(id, operation);
        }
        return outputs;
      },
    },
    tensorDataSync: {
      value: (id: number) => {
        const maker = makers.get(id) ?? (variables.has(id) ? 'a variable' : 'an input');
        throw cannot(`reads the value of a tensor (of ${maker}), which differs from call to call`);
      },
    },
  }) as Binding;

  const { random } = Math;
  isRecording = true;
  backend.binding = listening;
  backend.getInputTensorIds = (tensors) => {
    const ids = getInputTensorIds.call(backend, tensors);
    noteConstants(tensors, ids);
    return ids;
  };
  Math.random = () => {
    throw cannot(
      'calls Math.random, whose numbers would be the same in each call; draw them before the step',
    );
  };
  let result: O;
  try {
    result = step();
    // a tensor without an operation, made by the step or from before it, is a constant there too
    for (const tensor of [...leavesOf(result).map((leaf) => leaf.tensor), ...before]) nativeId(tensor);
  } finally {
    isRecording = false;
    backend.binding = binding;
    delete (backend as { getInputTensorIds?: unknown }).getInputTensorIds;
    Math.random = random;
  }

  const [made, ...others] = Object.values(registeredVariables).filter((one) => !before.includes(one));
  if (made) {
    tf.dispose([made, ...others]);
    throw cannot(`makes the variable "${made.name}"; make it before the step`);
  }
  const assigned = [...variables].filter(([id, variable]) => nativeId(variable) !== id);
  return { operations, constants, variables, assigned: assigned.map(([, variable]) => variable), result };
}

type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never;

/** Copies share their data until one of them changes; a recording has to tell which of them a step reads. */
function separate(variable: tf.Variable): void {
  if (nativeBackend().refCount(variable.dataId) > 1) tf.tidy(() => variable.assign(copyOf(variable)));
}

/** The same numbers in data of their own. */
export function copyOf<T extends tf.Tensor>(tensor: T): T {
  if (tensor.dtype === 'bool') return tensor.logicalOr(tensor) as T;
  return tensor.mul(tf.scalar(1, tensor.dtype as 'float32' | 'int32')) as T;
}
