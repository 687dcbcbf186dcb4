/** Runs the commands of set-up: their output goes to a log, a line shows that they are alive, an end ends them. */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { cacheFolder } from '../environment.mjs';
import { explainFailure } from './failure.mjs';
import { noteChild } from './lock.mjs';

const log = join(cacheFolder, 'setup.log');

/** Where a program lies on PATH, or undefined. @param {string} name */
export function findProgram(name) {
  const found = spawnSync('/bin/sh', ['-c', `command -v -- "${name}"`], { encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

/**
 * Shows "label … seconds, details" while something goes on: in place on a terminal, else a line every ten seconds.
 * @param {string} label @param {() => string} details
 * @returns {() => void} ends the showing
 */
function showProgress(label, details = () => '') {
  const start = Date.now();
  const terminal = process.stderr.isTTY;
  const timer = setInterval(
    () => {
      const text = `  ${label} … ${Math.round((Date.now() - start) / 1000)} s${details()}`;
      process.stderr.write(terminal ? `\r\x1b[K${text}` : `${text}\n`);
    },
    terminal ? 500 : 10_000,
  );
  return () => {
    clearInterval(timer);
    if (terminal) process.stderr.write('\r\x1b[K');
  };
}

/**
 * Runs a command to its end, and throws the sentence that explains a failure.
 * The child leads a process group of its own, so that stopping set-up stops all that the child has started.
 * @param {{ label: string, command: string, args: readonly string[], cwd: string, env?: Record<string, string>, details?: () => string }} what
 */
export async function runCommand({ label, command, args, cwd, env = {}, details }) {
  const endProgress = showProgress(label, details);
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  noteChild(child.pid);
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  /** @type {number | string} */
  const status = await new Promise((resolve) => {
    child.on('error', (error) => {
      output += `${error.message}\n`;
      resolve(-1);
    });
    child.on('close', (code, signal) => resolve(code ?? signal ?? -1));
  });
  noteChild(undefined);
  endProgress();
  if (status !== 0) {
    fs.mkdirSync(cacheFolder, { recursive: true });
    fs.appendFileSync(log, `$ ${command} ${args.join(' ')}\n${output}\n[exit ${status}]\n\n`);
    throw explainFailure(label, output, cwd, log);
  }
}
