/** The parts of the benchmark that a script of their own measures. */
import { join } from 'node:path';
import process from 'node:process';
import { kernelName, pythonPath, root, typescriptHook } from '../environment.mjs';
import { collectRows } from './processes.mjs';
import { progress } from './progress.mjs';
import { minAndMedian } from './ratios.mjs';

const benchmarks = join(root, 'test', 'benchmarks');

/** How often a kernel is started. */
const starts = 5;

/** On one thread, as the lab runs unless told. @param {string} name @param {string[]} args */
function runTypescript(name, args) {
  const [script = '', ...others] = args;
  const command = {
    name,
    program: process.execPath,
    args: ['--require', typescriptHook, join(benchmarks, script), ...others],
    env: { LAB_ENGINE: 'native', LAB_THREADS: '1', LAB_COMPILE: 'on' },
  };
  return collectRows(command, (detail) => progress(name, detail));
}

/** @param {number} steps @param {string} picture the figure's path */
export const measureGrowth = (steps, picture) =>
  runTypescript('growth', ['growth.ts', String(steps), picture]);

/** @param {readonly string[]} sizes */
export const measureKernels = (sizes) => runTypescript('kernels', ['kernels.ts', sizes.join()]);

/** From a kernel's start to what a reader sees of a notebook: its first answers. */
export async function measureStart() {
  const command = {
    name: 'kernel start',
    program: pythonPath,
    args: [
      ...['-W', 'ignore', join(benchmarks, 'kernel_start.py')],
      ...[kernelName, join(root, 'notebooks', '09-grpo.ipynb'), String(starts)],
    ],
    env: {},
  };
  const { rows: times } = await collectRows(command, (detail) => progress(command.name, detail));
  const moments = new Set(times.map(({ moment }) => moment));
  return [...moments].map((moment) => {
    const own = times.filter((time) => time.moment === moment);
    const { min, median } = minAndMedian(own.map(({ ms }) => ms));
    return { moment, starts: own.length, min_ms: min, median_ms: median };
  });
}
