/**
 * What kernels compiled, kept on disk for those to come. An entry is named by a digest of all that its value was made
 * from, so none is ever out of date; what cannot be read or written is as if it were not there.
 */
const { createHash, randomUUID } = require('node:crypto');
const fs = require('node:fs');
const { join } = require('node:path');

const day = 24 * 3600 * 1000;
/** How long, in ms, an entry stays that nobody reads. */
const lifetime = 30 * day;

/** The folder of the entries; without one nothing is kept. @type {string | undefined} */
let folder;
let pruned = false;

/** @param {string} path */
function keepIn(path) {
  folder = path;
}

/** @param {readonly string[]} texts */
function digest(...texts) {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length} `).update(text);
  return hash.digest('hex');
}

/** @param {string} path */
function readEntry(path) {
  const text = fs.readFileSync(path, 'utf8');
  const end = text.indexOf('\n');
  const content = text.slice(end + 1);
  return text.slice(0, end) === digest(content) ? JSON.parse(content) : undefined;
}

/** An entry that is read stays; once a day is often enough to say so. @param {string} path */
function markRead(path) {
  const now = Date.now();
  if (now - fs.statSync(path).mtimeMs > day) fs.utimesSync(path, now / 1000, now / 1000);
}

/** Deletes what nobody has read for long, and what processes that were killed left half-written. @param {string} kept */
function prune(kept) {
  if (pruned) return;
  pruned = true;
  for (const name of fs.readdirSync(kept)) {
    const path = join(kept, name);
    const age = Date.now() - (fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > (name.endsWith('.tmp') ? day : lifetime)) fs.rmSync(path, { force: true });
  }
}

/**
 * @param {string} key
 * @returns {unknown} what was last kept under the key; undefined where there is nothing, or nothing whole
 */
function recall(key) {
  if (folder === undefined) return undefined;
  try {
    const path = join(folder, key);
    const value = readEntry(path);
    markRead(path);
    return value;
  } catch {
    return undefined;
  }
}

/** @param {string} key @param {unknown} value anything that JSON can hold */
function remember(key, value) {
  if (folder === undefined) return;
  try {
    fs.mkdirSync(folder, { recursive: true });
    prune(folder);
    const content = JSON.stringify(value);
    // Another kernel may write the same entry now: each writes a file of its own, and the last to finish stays.
    const temporary = join(folder, `${randomUUID()}.tmp`);
    fs.writeFileSync(temporary, `${digest(content)}\n${content}`);
    fs.renameSync(temporary, join(folder, key));
  } catch {
    // A full disk, or a folder that cannot be written to: the next kernel compiles again.
  }
}

module.exports = { digest, keepIn, recall, remember };
