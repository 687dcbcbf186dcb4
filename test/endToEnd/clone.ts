import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder that holds what a fresh clone would: every file that git knows or would add. */
export function makeClone(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lab-clone-'));
  const list = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { encoding: 'utf8' }).stdout;
  for (const file of list.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(file, join(folder, file), { force: true });
  }
  return folder;
}

export interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** A command of the workspace in a clone; its standard output and error come together. */
export function startCommand(clone: string, args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, ['lib/workspace/lab.mjs', ...args], {
    cwd: clone,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const listeners = new Set<() => void>();
  const append = (data: Buffer) => {
    output += data;
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', append);
  child.stderr.on('data', append);
  const ended = new Promise<Ended>((resolve) => child.on('close', (status) => resolve({ status, output })));
  /** Resolves once the command has printed `text`, and fails if it ends without. */
  const printed = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const check = () => output.includes(text) && resolve();
      listeners.add(check);
      check();
      child.on('close', () => reject(new Error(`ended without "${text}": ${output}`)));
    });
  return { child, ended, printed };
}

/** The processes whose working folder or command line names `folder`. Linux only: it reads /proc. */
export function processesIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
      } catch {
        return false;
      }
    });
}
