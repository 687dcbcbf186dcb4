/** Set-up: everything that the commands need, made once, and in milliseconds when nothing is to do. */
import process from 'node:process';
import { SetupError } from './setup/failure.mjs';
import { jupyter } from './setup/jupyter.mjs';
import { withLock } from './setup/lock.mjs';
import { nativeEngine } from './setup/nativeEngine.mjs';
import { packages } from './setup/packages.mjs';
import { python } from './setup/python.mjs';

/**
 * @typedef {object} Step
 * @property {string} label
 * @property {boolean} [optional] whether all goes on without it
 * @property {() => boolean} isDone quick, and asked only when the steps before it are done
 * @property {() => Promise<void>} make
 * @property {() => string | undefined} [obstacle] what on this machine stands in its way
 */

const engines = ['native', 'wasm', 'cpu'];

/** In this order: the native engine is compiled from an npm package, against a library that pip fetches. */
function steps() {
  /** @type {Step[]} */
  const all = [packages, python, jupyter];
  const engine = process.env.LAB_ENGINE || 'native';
  if (!engines.includes(engine)) {
    throw new SetupError(`LAB_ENGINE is "${engine}"; expected one of ${engines.join(', ')}.`);
  }
  return engine === 'native' ? [...all, nativeEngine] : all;
}

const say = (/** @type {string} */ text) => process.stderr.write(`${text}\n`);

/** @param {Step} step */
async function makeStep(step) {
  if (step.isDone()) return;
  const start = Date.now();
  try {
    await step.make();
    say(`set-up: ${step.label.padEnd(20)} ${((Date.now() - start) / 1000).toFixed(1).padStart(6)} s`);
  } catch (error) {
    if (!step.optional || !(error instanceof SetupError)) throw error;
    say(`set-up: no ${step.label}, all runs on wasm, several times slower: ${error.message}`);
  }
}

/** The steps from the first that is not done: each builds on those before it. */
export function undoneSteps() {
  const all = steps();
  const first = all.findIndex((step) => !step.isDone());
  return first < 0 ? [] : all.slice(first);
}

/** Makes what is missing, with a line for each step made. Throws a SetupError whose message is one sentence. */
export async function setUp() {
  const undone = undoneSteps();
  if (undone.length === 0) return;
  // what stands in the way is said before minutes of work, not after
  for (const step of undone) {
    const obstacle = step.optional ? undefined : step.obstacle?.();
    if (obstacle) throw new SetupError(obstacle);
  }
  await withLock(async () => {
    for (const step of steps()) await makeStep(step);
  });
}

/** `npm run setup`: nothing but set-up, for the impatient and for containers. @returns {Promise<number>} */
export async function main() {
  await setUp();
  return 0;
}
