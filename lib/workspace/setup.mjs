/** Set-up: everything that the commands need, made once, and in milliseconds when nothing is to do. */
import process from 'node:process';
import { SetupError } from './setup/failure.mjs';
import { kernelspec } from './setup/kernelspec.mjs';
import { withLock } from './setup/lock.mjs';
import { nativeEngine } from './setup/nativeEngine.mjs';
import { packages } from './setup/packages.mjs';
import { python } from './setup/python.mjs';

/** @typedef {{ label: string, optional?: boolean, isDone(): boolean, make(): Promise<void> }} Step */

/** In this order: the native engine is compiled from an npm package, against a library that pip fetches. */
function steps() {
  /** @type {Step[]} */
  const all = [packages, python, kernelspec];
  const engine = process.env.LAB_ENGINE || 'native';
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

/** Makes what is missing, with a line for each step made. Throws a SetupError whose message is one sentence. */
export async function setUp() {
  if (steps().every((step) => step.isDone())) return;
  await withLock(async () => {
    for (const step of steps()) await makeStep(step);
  });
}
