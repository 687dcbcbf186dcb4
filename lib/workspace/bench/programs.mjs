/** The programs that take turns: the lab in its forms, and its peers. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { root, typescriptHook } from '../environment.mjs';
import {
  avx512Library,
  compiledFolder,
  leavesAvx512Aside,
  peerPython,
  peersFolder,
  requireCompiler,
} from './peers.mjs';

/** @typedef {'grpo' | 'ppo' | 'sft' | 'trpo'} Step */

/**
 * @typedef {object} Program
 * @property {string} name
 * @property {string} family those of one family are compared by their best: the lab's own, PyTorch's, TRL's
 * @property {number} threads
 * @property {readonly Step[]} steps
 * @property {number} every it takes each so-many-th turn: 1, or more where a step takes long
 * @property {boolean} [forced] whether MKL's AVX-512 path is to be forced
 * @property {boolean} [checked] whether it tells its losses
 * @property {import('./processes.mjs').Command} command
 */

const all = /** @type {const} */ (['grpo', 'ppo', 'sft', 'trpo']);
const threadCounts = [1, 2].filter((threads) => threads <= availableParallelism());

/** A program's name with its threads. @param {string} name @param {number} threads */
export const titled = (name, threads) => `${name}, ${threads} thread${threads === 1 ? '' : 's'}`;

/**
 * The first writes what the peers read into the folder.
 * @param {string} size @param {string} folder @returns {Program[]}
 */
export function labPrograms(size, folder) {
  const script = ['--require', typescriptHook, join(root, 'test', 'benchmarks', 'lab.ts'), size];
  /** @param {string} name @param {number} threads @param {Record<string, string>} env @param {string[]} args @returns {Program} */
  const program = (name, threads, env, ...args) => ({
    name,
    family: name,
    threads,
    steps: all,
    every: 1,
    command: {
      name: titled(name, threads),
      program: process.execPath,
      args: [...script, ...args],
      env: { LAB_ENGINE: 'native', LAB_THREADS: String(threads), LAB_COMPILE: 'on', ...env },
    },
  });
  const compiled = threadCounts.map((threads, i) =>
    program('lab', threads, {}, ...(i === 0 ? [folder] : [])),
  );
  const programs = [...compiled, program('lab, as it is', 1, { LAB_COMPILE: 'off' })];
  // at M matrix products take most of the time, and XLA's are the same
  if (size !== 'M') programs.push({ ...program('lab, XLA', 1, { LAB_COMPILE: 'xla' }), steps: ['grpo'] });
  if (size !== 'XS') return programs;
  return [
    ...programs,
    { ...program('lab on wasm', 1, { LAB_ENGINE: 'wasm' }), every: 4 },
    { ...program('lab on cpu', 1, { LAB_ENGINE: 'cpu' }), every: 10, steps: ['grpo', 'ppo', 'sft'] },
  ];
}

/**
 * @param {string} size @param {string} folder with weights.safetensors
 * @param {readonly import('./options.mjs').PeerName[]} peers @param {string} processor
 * @returns {Promise<Program[]>}
 */
export async function peerPrograms(size, folder, peers, processor) {
  if (peers.length === 0) return [];
  const python = await peerPython();
  const preloads = leavesAvx512Aside(processor) ? ['', avx512Library(folder)] : [''];
  if (peers.includes('pytorch')) requireCompiler();
  return preloads.flatMap((preload) =>
    threadCounts.flatMap((threads) => {
      const forced = preload !== '';
      const suffix = forced ? ', AVX-512 forced' : '';
      const common = ['--size', size, '--threads', String(threads)];
      /** @type {Record<string, string>} */
      const env = {
        ...(forced && { LD_PRELOAD: preload }),
        TORCHINDUCTOR_CACHE_DIR: compiledFolder,
        // else a pool of processes waits beside those that are measured
        TORCHINDUCTOR_COMPILE_THREADS: '1',
      };
      /** @param {string} name @param {string[]} args */
      const command = (name, args) => ({ name: titled(name, threads), program: python, args, env });
      /** @param {'eager' | 'compile'} variant @returns {Program} */
      const pytorch = (variant) => {
        const name = `PyTorch, ${variant === 'compile' ? 'torch.compile' : 'eager'}${suffix}`;
        const weights = ['--weights', join(folder, 'weights.safetensors'), '--variant', variant];
        return {
          name,
          family: `PyTorch${suffix}`,
          threads,
          // torch.compile has no second derivatives
          steps: variant === 'compile' ? ['grpo', 'ppo', 'sft'] : all,
          every: 1,
          forced,
          checked: true,
          command: command(name, [join(peersFolder, 'pytorch.py'), ...common, ...weights]),
        };
      };
      const name = `TRL${suffix}`;
      /** @type {Program} */
      const trl = {
        name,
        family: name,
        threads,
        steps: ['grpo'],
        every: 1,
        forced,
        command: command(name, [join(peersFolder, 'trl_grpo.py'), ...common]),
      };
      return [
        ...(peers.includes('pytorch') ? [pytorch('eager'), pytorch('compile')] : []),
        ...(peers.includes('trl') ? [trl] : []),
      ];
    }),
  );
}
