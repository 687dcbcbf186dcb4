/** `npm run doctor`: what is here, which engine runs and why, how fast it is, what is missing and how to mend it. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { cacheFolder, pythonPath, root, typescriptHook } from './environment.mjs';
import { findProgram } from './setup/command.mjs';
import { undoneSteps } from './setup.mjs';

/** What a program prints, or undefined when it is missing or fails. @param {string} command @param {string[]} args */
function ask(command, args) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

const line = (/** @type {string} */ name, /** @type {string} */ value) =>
  console.log(`${name.padEnd(16)}${value}`);

/** @typedef {{ name: string, version: string, threads: number, reason: string, matMulGflops: number, smallStepMs: number }} Measurement */

/**
 * Runs the engine in a process of its own.
 * @param {Record<string, string>} env
 * @returns {Measurement | string} what it measured, or why it did not start
 */
function measure(env) {
  const script = join(root, 'lib', 'engine', 'measure.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', typescriptHook, script], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (status === 0) return JSON.parse(stdout);
  return /Error: (.*)/.exec(stderr)?.[1] ?? 'its process ended early';
}

/** @param {Measurement} measurement */
function describeSpeed({ threads, matMulGflops, smallStepMs }) {
  const unit = threads === 1 ? 'thread' : 'threads';
  return `${threads} ${unit}: matmul ${matMulGflops.toPrecision(3)} GFLOP/s, small training step ${smallStepMs.toFixed(1)} ms`;
}

function reportEngine() {
  process.stderr.write('measuring the engine …\n');
  const chosen = measure({});
  if (typeof chosen === 'string') return line('engine', `none starts: ${chosen}`);
  line('engine', `${chosen.name} (${chosen.version})${chosen.reason ? `: ${chosen.reason}` : ''}`);
  line('speed', describeSpeed(chosen));
  const cores = availableParallelism();
  if (chosen.name !== 'native' || cores === 1) return;
  const threads = chosen.threads === 1 ? cores : 1;
  const compared = measure({ LAB_THREADS: String(threads) });
  if (typeof compared !== 'string') line('', `${describeSpeed(compared)} (LAB_THREADS=${threads})`);
}

function reportGpu() {
  const gpu = ask('nvidia-smi', ['--query-gpu=name,memory.total', '--format=csv,noheader']);
  line(
    'GPU',
    gpu ? `${gpu.replaceAll('\n', '; ')} (not used: the native engine is built for the CPU)` : 'none found',
  );
}

/** Each step of set-up that is not done, and each program that some command will want, with what mends it. */
function findMissing() {
  const missing = undoneSteps().map((step) => `${step.label}: ${step.obstacle?.() ?? 'npm run setup'}`);
  if (!findProgram('chromium')) missing.push('Chromium, which the browser tests drive: apt install chromium');
  return missing;
}

/** @returns {Promise<number>} the exit status */
export async function main() {
  line('node', process.versions.node);
  line('npm', ask('npm', ['--version']) ?? 'not found');
  line('python', ask(pythonPath, ['-c', 'import sys; print(sys.version.split()[0])']) ?? 'not set up');
  line(
    'jupyterlab',
    ask(pythonPath, ['-c', 'import jupyterlab; print(jupyterlab.__version__)']) ?? 'not set up',
  );
  line('cores', String(availableParallelism()));
  line('cache folder', cacheFolder);
  reportGpu();
  reportEngine();
  const missing = findMissing();
  line('missing', missing[0] ?? 'nothing');
  for (const other of missing.slice(1)) line('', other);
  return 0;
}
