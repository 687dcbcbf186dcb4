/**
 * One set-up at a time on a machine: clones share the cache folder, and two commands may start in one clone.
 * The lock names its holder and the command that the holder is running, so that what a killed set-up leaves
 * behind, its lock and its child, can be cleared away by the next.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheFolder } from '../environment.mjs';
import { SetupError } from './failure.mjs';

const lockFile = join(cacheFolder, 'setup.lock');
let held = false;
/** @type {number | undefined} */
let child;

/** @typedef {{ pid: number, started: string, child?: { pid: number, started: string } | undefined }} Holder */

/** The time at which a process started, which tells it from a later one of the same number; '' if it has ended. */
function startTime(/** @type {number} */ pid) {
  if (process.platform !== 'linux') {
    return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  }
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? '' : (fields[18] ?? '');
  } catch {
    return '';
  }
}

const alive = (/** @type {{ pid: number, started: string }} */ { pid, started }) =>
  startTime(pid) === started;

/** Who holds the lock, or undefined when nobody does. @returns {Holder | undefined} */
function readHolder() {
  if (!fs.existsSync(lockFile)) return undefined;
  try {
    return JSON.parse(fs.readFileSync(lockFile, 'utf8'));
  } catch {
    return { pid: 0, started: 'unreadable' };
  }
}

/** @param {Holder} holder @param {'wx' | 'w'} flag */
function writeHolder(holder, flag) {
  const temporary = `${lockFile}.${process.pid}`;
  fs.writeFileSync(temporary, JSON.stringify(holder));
  if (flag === 'w') return fs.renameSync(temporary, lockFile);
  try {
    fs.linkSync(temporary, lockFile); // unlike a rename, this fails where the lock exists
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

/** @returns {Holder} */
const myself = () => ({ pid: process.pid, started: startTime(process.pid) });

function tryLock() {
  try {
    writeHolder(myself(), 'wx');
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    const { message } = /** @type {Error} */ (error);
    throw new SetupError(`The cache folder ${cacheFolder} cannot be written to: ${message}.`);
  }
}

/** Ends what a killed set-up was running, and removes its lock. @param {Holder} holder */
function clearAway(holder) {
  if (holder.child && alive(holder.child)) endGroup(holder.child.pid);
  fs.rmSync(lockFile, { force: true });
}

/** @param {number} pid */
function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

/** Records the command that runs now, for whoever has to clear it away. @param {number | undefined} pid */
export function noteChild(pid) {
  child = pid;
  if (!held) return;
  writeHolder({ ...myself(), child: pid ? { pid, started: startTime(pid) } : undefined }, 'w');
}

function stopNow(/** @type {NodeJS.Signals} */ signal) {
  if (child) endGroup(child);
  fs.rmSync(lockFile, { force: true });
  process.stderr.write('\nSet-up stopped; the next command goes on from here.\n');
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

/**
 * Runs `work` while no other set-up runs.
 * @param {() => Promise<void>} work
 */
export async function withLock(work) {
  fs.mkdirSync(cacheFolder, { recursive: true });
  let told = false;
  while (!tryLock()) {
    const holder = readHolder();
    if (!holder) continue;
    if (!alive(holder)) clearAway(holder);
    else {
      if (!told) process.stderr.write(`  waiting for another set-up (process ${holder.pid}) to end\n`);
      told = true;
      await sleep(500);
    }
  }
  held = true;
  process.on('SIGINT', stopNow).on('SIGTERM', stopNow);
  try {
    await work();
  } finally {
    held = false;
    process.off('SIGINT', stopNow).off('SIGTERM', stopNow);
    fs.rmSync(lockFile, { force: true });
  }
}
