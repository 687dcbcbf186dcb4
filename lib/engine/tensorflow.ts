/**
 * TensorFlow.js, and the engine under it: every other module imports `tf` from here.
 *
 * The engine is chosen once, when this module is first imported: the native addon that set-up builds, else
 * wasm, else pure JavaScript. `LAB_ENGINE=native|wasm|cpu` forces one, `LAB_THREADS=n` sets the threads of an
 * operation on the native engine. Await `ready` before the first operation: wasm starts asynchronously.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { recoverWhenCutOff } from './cutOff';
import { replaceNativeKernels } from './kernels/tensorflowKernels';

export { tf };

export type EngineName = 'native' | 'wasm' | 'cpu';

export interface Engine {
  readonly name: EngineName;
  /** Name and version of what computes, such as "TensorFlow 2.21.0". */
  readonly version: string;
  /** Threads that one operation may use. */
  readonly threads: number;
  /** Why this engine runs and not a faster one; empty where the native engine runs with its fused kernels. */
  readonly reason: string;
  /** Whether the kernels of lib/engine/kernels run; elsewhere what they do is composed of TensorFlow.js's operations. */
  readonly fused: boolean;
}

const engineNames: readonly EngineName[] = ['native', 'wasm', 'cpu'];
const requireFromProject = createRequire(join(process.cwd(), 'package.json'));

/**
 * One thread by default: at the sizes of these notebooks waking TensorFlow's pool costs more than a second
 * thread gains, and the free core runs a second notebook or seed (`npm run doctor` measures both).
 */
const defaultThreads = 1;

function forcedEngine(): EngineName | undefined {
  const name = process.env.LAB_ENGINE;
  if (!name) return undefined;
  if (engineNames.includes(name as EngineName)) return name as EngineName;
  throw new Error(`LAB_ENGINE is "${name}"; expected one of ${engineNames.join(', ')}.`);
}

function requestedThreads(): number {
  const value = process.env.LAB_THREADS;
  if (!value) return defaultThreads;
  const threads = Number(value);
  if (Number.isInteger(threads) && threads > 0) return threads;
  throw new Error(`LAB_THREADS is "${value}"; expected a whole number of at least 1.`);
}

/** TensorFlow reads these settings once, when its library is loaded. */
function configureNative(threads: number): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  process.env.TF_NUM_INTEROP_THREADS = String(threads);
}

/** The addon of quietly.cc. */
interface Quietly {
  quietly(work: () => void): void;
}

function startNative(threads: number): Engine {
  configureNative(threads);
  const { quietly } = requireFromProject('@tensorflow/tfjs-node-gpu/lib/napi-v8/quietly.node') as Quietly;
  quietly(() => requireFromProject('@tensorflow/tfjs-node-gpu'));
  replaceNativeKernels();
  const { binding, isUsingGpuDevice } = tf.backend() as unknown as NodeBackend;
  const version = `TensorFlow ${binding.TF_Version}`;
  const reason = isUsingGpuDevice ? 'its fused kernels are for the CPU' : loadKernels();
  return { name: 'native', version, threads, reason, fused: reason === '' };
}

/** The part of tfjs-node's backend that is asked here. */
interface NodeBackend {
  readonly binding: { readonly TF_Version: string };
  readonly isUsingGpuDevice: boolean;
}

/** Registers the operations of kernels.cc with TensorFlow; where that fails, says why. */
function loadKernels(): string {
  try {
    requireFromProject('@tensorflow/tfjs-node-gpu/lib/napi-v8/kernels.node');
    return '';
  } catch (error) {
    return `without its fused kernels, which set-up builds (${firstLine(error)})`;
  }
}

/** The wasm kernels lie beside the package's entry file; without their place, the package looks for a web page. */
async function initializeWasm(): Promise<void> {
  const wasm = requireFromProject(
    '@tensorflow/tfjs-backend-wasm',
  ) as typeof import('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(`${dirname(requireFromProject.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  if (!(await tf.setBackend('wasm'))) throw new Error('its initialization failed');
}

function startCpu(reason: string): Engine {
  tf.setBackend('cpu');
  // its first use prints advice to install the native engine, except in a test
  tf.env().set('IS_TEST', true);
  tf.scalar(0).dispose();
  tf.env().set('IS_TEST', false);
  return { name: 'cpu', version: `TensorFlow.js cpu ${tf.version_core}`, threads: 1, reason, fused: false };
}

/** The cpu backend is taken away: an operation before `ready` then fails with a sentence, and never runs elsewhere. */
function startWasm(reason: string): [Engine, Promise<void>] {
  tf.removeBackend('cpu');
  const version = `TensorFlow.js wasm ${tf.version_core}`;
  return [{ name: 'wasm', version, threads: 1, reason, fused: false }, initializeWasm()];
}

/** Should wasm not start either, the cpu backend is given back, and `engine` tells so. */
function startWasmElseCpu(reason: string): [Engine, Promise<void>] {
  const makeCpuBackend = tf.findBackendFactory('cpu');
  const [wasm, initialized] = startWasm(reason);
  const fallBack = (error: unknown) => {
    tf.registerBackend('cpu', makeCpuBackend);
    Object.assign(wasm, startCpu(`${reason}, and wasm did not start (${firstLine(error)})`));
  };
  return [wasm, initialized.catch(fallBack)];
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] ?? '';
}

const askedFor = 'LAB_ENGINE asks for it';

function start(): [Engine, Promise<void>] {
  const forced = forcedEngine();
  const threads = requestedThreads();
  if (forced === 'cpu') return [startCpu(askedFor), Promise.resolve()];
  if (forced === 'wasm') return startWasm(askedFor);
  try {
    return [startNative(threads), Promise.resolve()];
  } catch (error) {
    const reason = `the native engine did not load (${firstLine(error)}); \`npm run doctor\` says how to mend it`;
    if (forced === 'native') throw new Error(`LAB_ENGINE is "native", but ${reason}.`);
    return startWasmElseCpu(reason);
  }
}

/** The engine in use, and a promise that resolves when it takes operations. */
export const [engine, ready]: [Engine, Promise<void>] = start();

recoverWhenCutOff(tf.engine());
