/**
 * The folder of results, where <name>/ always holds the whole of one run of notebook <name>: a run writes into a
 * temporary folder beside it and takes the old one's place when it ends. What a killed run leaves behind is
 * cleared away by the next.
 *
 *   data/results/<name>/                     a run that ended
 *   data/results/.running-<pid>/<n>/         LAB_RESULTS of the n-th notebook that process <pid> runs
 *   data/results/.running-<pid>/replaced/    what is being replaced, for the moment between two renames
 */
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';

const prefix = '.running-';

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/** Gives back what an ended run was replacing, and removes the rest. @param {string} out @param {string} leftover */
function recover(out, leftover) {
  const replaced = join(leftover, 'replaced');
  for (const name of fs.existsSync(replaced) ? fs.readdirSync(replaced) : []) {
    if (!fs.existsSync(join(out, name))) fs.renameSync(join(replaced, name), join(out, name));
  }
  fs.rmSync(leftover, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Makes this process's temporary folder in `out`, after clearing away those of processes that have ended.
 * @param {string} out
 * @returns {string}
 */
export function openRunFolder(out) {
  fs.mkdirSync(out, { recursive: true });
  for (const entry of fs.readdirSync(out)) {
    if (!entry.startsWith(prefix)) continue;
    const pid = Number(entry.slice(prefix.length));
    if (pid === process.pid || !isAlive(pid)) recover(out, join(out, entry));
  }
  const folder = join(out, `${prefix}${process.pid}`);
  fs.mkdirSync(folder);
  return folder;
}

/** @param {string} out @param {string} folder */
export const closeRunFolder = (out, folder) => recover(out, folder);

/**
 * Moves a run's results to their place: the notebook's own folder as a whole, other files one by one.
 * @param {string} folder LAB_RESULTS of the run, inside the temporary folder
 * @param {string} out @param {string} name of the notebook
 */
export function publish(folder, out, name) {
  const replaced = join(dirname(folder), 'replaced', name);
  fs.mkdirSync(dirname(replaced), { recursive: true });
  if (fs.existsSync(join(out, name))) fs.renameSync(join(out, name), replaced);
  fs.renameSync(join(folder, name), join(out, name));
  fs.rmSync(replaced, { recursive: true, force: true });
  moveFiles(folder, out);
}

/** @param {string} from @param {string} to */
function moveFiles(from, to) {
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      moveFiles(join(from, entry.name), join(to, entry.name));
    } else {
      fs.mkdirSync(to, { recursive: true });
      fs.renameSync(join(from, entry.name), join(to, entry.name));
    }
  }
}
