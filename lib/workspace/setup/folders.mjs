/** Folders that are either whole or absent: a stamp is written last, and one without its stamp is made again. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { SetupError } from './failure.mjs';

const stampName = '.complete';

/**
 * A short digest of texts and files, for naming what was made from them.
 * @param {readonly string[]} texts
 */
export function digest(texts) {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\0');
  return hash.digest('hex').slice(0, 12);
}

/** The content of files, in order. @param {readonly string[]} paths */
export const contents = (paths) => paths.map((path) => fs.readFileSync(path, 'utf8'));

/** @param {string} path @param {string | Uint8Array} content */
export function writeAtomically(path, content) {
  fs.mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, content);
  fs.renameSync(temporary, path);
}

/** @param {string} folder @param {string} key what it was made from */
export function isComplete(folder, key) {
  try {
    return fs.readFileSync(join(folder, stampName), 'utf8') === key;
  } catch {
    return false;
  }
}

/** @param {string} folder @param {string} key */
export function markComplete(folder, key) {
  writeAtomically(join(folder, stampName), key);
}

/** @param {string} folder */
export function markIncomplete(folder) {
  fs.rmSync(join(folder, stampName), { force: true });
}

/** Empties a folder for a step that builds in it. @param {string} folder */
export function startAfresh(folder) {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
}

/**
 * Refuses before a step begins what would otherwise fail half-way.
 * @param {string} folder @param {number} megabytes @param {string} label
 */
export function requireSpace(folder, megabytes, label) {
  fs.mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = fs.statfsSync(folder);
  const free = Math.floor((bavail * bsize) / 1e6);
  if (free < megabytes) {
    throw new SetupError(
      `The disk of ${folder} is too full (${label}): ${free} MB are free and ${megabytes} MB are needed; free some space and run the command again.`,
    );
  }
}
