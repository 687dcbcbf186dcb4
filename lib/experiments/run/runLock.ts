/** One process at a time writes into a run's folder: a file names it, and is void when that process has ended. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../../errors/inputError';

const lockName = '.lock';
/** A process whose parent was killed may take this long to notice, in milliseconds. */
const patience = 20_000;

/** @returns what gives the folder free again */
export async function lockRun(folder: string): Promise<() => void> {
  const path = join(folder, lockName);
  const own = `${path}.${process.pid}`;
  const text = JSON.stringify({ pid: process.pid, born: birthOf(process.pid), host: hostname() });
  writeFileSync(own, text);
  try {
    for (const since = Date.now(); !linked(own, path); ) {
      const holder = holderOf(path);
      if (holder !== null && !isAlive(holder)) {
        setAside(path, holder.text);
      } else if (Date.now() - since > patience) {
        const by = holder ? `process ${holder.pid} of ${holder.host}` : 'an unknown process';
        throw new InputError(
          `${folder} is being written by ${by}; expected no other while it trains, or no file ${path}.`,
        );
      } else {
        await sleep(50);
      }
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => {
    if (holderOf(path)?.text === text) rmSync(path, { force: true });
  };
}

/** Whether a process that is alive writes into a run's folder. */
export function isLocked(folder: string): boolean {
  const holder = holderOf(join(folder, lockName));
  return holder !== null && isAlive(holder);
}

/** A link appears whole, with what it says, or not at all: no other process sees an empty lock. */
function linked(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

interface Holder {
  readonly pid: number;
  readonly born: string;
  readonly host: string;
  readonly text: string;
}

function holderOf(path: string): Holder | null {
  try {
    const text = readFileSync(path, 'utf8');
    return { ...(JSON.parse(text) as Omit<Holder, 'text'>), text };
  } catch {
    return null;
  }
}

/** Takes a void lock away; where another took its place meanwhile, that one is put back. */
function setAside(path: string, text: string): void {
  const aside = `${path}.void-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readFileSync(aside, 'utf8') !== text) linked(aside, path);
  rmSync(aside, { force: true });
}

/** Of another machine it is not known, and so taken for granted. */
function isAlive({ pid, born, host }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return birthOf(pid) === born;
}

/**
 * When a process began, in ticks since the machine did, so that its number used anew is told apart; '' without /proc. A
 * process that has ended and that nobody has asked about is there still, as a zombie.
 */
function birthOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...others] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? 'ended' : (others[18] ?? '');
  } catch {
    return '';
  }
}
