/** The processes that are measured: each speaks in lines of JSON, on stdin and stdout. */
import { spawn } from 'node:child_process';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { root } from '../environment.mjs';
import { SetupError } from '../setup/failure.mjs';

/** @typedef {{ name: string, program: string, args: readonly string[], env: Record<string, string> }} Command */

/**
 * A process that answers each command. `ready` is what it said when it was.
 * @typedef {{ ready: Record<string, any>, ask: (command: object) => Promise<Record<string, any>>, end: () => void }} Runner
 */

/** How long a process may take to end by itself, in milliseconds. */
const patience = 5000;

/** @type {Set<import('node:child_process').ChildProcess>} */
const alive = new Set();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/**
 * The child is not in this process's group: a Ctrl-C of the terminal reaches this process alone, which ends its children.
 * @param {Command} command
 */
function spawnProcess({ program, args, env }) {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  alive.add(child);
  child.on('close', () => alive.delete(child));
  // a program that is not there, or has ended, is told by the end of its answers
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  return child;
}

/** @param {Command} command @returns {Promise<Runner>} */
export async function startRunner(command) {
  const child = spawnProcess(command);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new SetupError(`the benchmark's process "${command.name}" ended without an answer.`);
    return JSON.parse(value);
  };
  const ready = await answer();
  return {
    ready,
    ask: (asked) => {
      child.stdin.write(`${JSON.stringify(asked)}\n`);
      return answer();
    },
    end: () => {
      child.stdin.end('{"command":"quit"}\n');
      setTimeout(() => child.kill('SIGKILL'), patience).unref();
    },
  };
}

/**
 * Runs a script to its end; it says {"engine": …} of what computes, {"progress": TEXT} meanwhile, and {"row": …} of
 * what it measured.
 * @param {Command} command @param {(detail: string) => void} showProgress
 */
export async function collectRows(command, showProgress) {
  const child = spawnProcess(command);
  const ended = new Promise((resolve) => {
    child.on('close', (code) => resolve(code));
    child.on('error', (error) => resolve(error.message));
  });
  /** @type {Record<string, any>[]} */
  const rows = [];
  let engine = '';
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line);
    if (said.engine) engine = said.engine;
    if (said.progress) showProgress(said.progress);
    if (said.row) rows.push(said.row);
  }
  const code = await ended;
  if (code !== 0) throw new SetupError(`the benchmark's process "${command.name}" failed (${code}).`);
  return { rows, engine };
}
