/** Runs one notebook in a kernel of its own: starts execute.py, passes its events on, and sees that nothing stays. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { kernelName, root } from '../environment.mjs';

const driver = join(root, 'lib', 'workspace', 'runner', 'execute.py');

/** How long the driver gets to kill its kernel and end, before it is killed itself. */
const patience = 2000;

/**
 * @typedef {{ event: 'start', cells: number, kernel: number }
 *   | { event: 'cell', cell: number }
 *   | { event: 'error', cell: number, index: number, name: string, message: string, traceback: string[], late: boolean }
 *   | { event: 'dead', cell: number, reason: string }} ExecutionEvent
 */

/** Ends a process and all that it started. @param {number | undefined} pid */
function killGroup(pid) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

/**
 * The events of execute.py while it runs `notebook`; what a process that ended early left unsaid comes as 'dead'.
 * The driver is not in this process's group, so a Ctrl-C of the terminal reaches this process alone, which ends
 * the driver by closing its stdin; the end of this process, however sudden, closes it too.
 * @param {{ python: string, notebook: string, log: string, env: NodeJS.ProcessEnv, signal: AbortSignal }} what
 * @returns {AsyncGenerator<ExecutionEvent>}
 */
export async function* execute({ python, notebook, log, env, signal }) {
  const sockets = fs.mkdtempSync(join(tmpdir(), 'lab-'));
  const logFile = fs.openSync(log, 'a');
  const args = ['-W', 'ignore', driver, notebook, kernelName, sockets, log];
  const child = spawn(python, args, { cwd: root, env, stdio: ['pipe', 'pipe', logFile], detached: true });
  fs.closeSync(logFile);
  const ended = once(child, 'close');
  ended.catch(() => {}); // awaited below
  /** @type {number | undefined} */
  let kernel;
  let reached = 0;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const stop = () => {
    child.stdin?.destroy();
    timer = setTimeout(() => killGroup(child.pid), patience);
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    if (!child.stdout) throw new Error('no stdout');
    for await (const line of createInterface({ input: child.stdout })) {
      /** @type {ExecutionEvent} */
      const event = JSON.parse(line);
      if (event.event === 'start') kernel = event.kernel;
      else reached = event.cell;
      yield event;
    }
    const [code, signalName] = await ended;
    const reason = `the driver ended with ${signalName ?? `exit code ${code}`}`;
    if (code !== 0) yield { event: 'dead', cell: reached, reason };
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(timer);
    child.stdin?.destroy();
    if (child.exitCode !== 0) killGroup(kernel);
    fs.rmSync(sockets, { recursive: true, force: true });
  }
}
