/** What a cell's compilation depends on besides its own text, as digests. */
const { readFileSync, readdirSync } = require('node:fs');
const { join, relative } = require('node:path');
const { fileStamp } = require('../fileStamp.cjs');
const { digest } = require('./diskCache.cjs');

/** @typedef {import('@tslab/typescript-for-tslab').SourceFile} SourceFile */
/** @typedef {readonly [path: string, digest: string]} FileDigest path: relative to the root */

const root = process.cwd();
const packages = join(root, 'node_modules');

/** Everything but a project's files that decides what a cell is compiled to; undefined where that is not known. */
const setting = (() => {
  const code = [join(__dirname, '..'), __dirname].flatMap((folder) =>
    readdirSync(folder).flatMap((name) => (name.endsWith('.cjs') ? [join(folder, name)] : [])),
  );
  try {
    const texts = [join(packages, '.package-lock.json'), ...code].map((path) => readFileSync(path, 'utf8'));
    return digest(process.version, ...texts);
  } catch {
    return undefined; // npm lists what it installed; another package manager may not.
  }
})();

/** The digests of files as last read. @type {Map<string, { stamp: string, digest: string }>} */
const read = new Map();

/** @param {string} path relative to the root */
function currentDigest(path) {
  const file = join(root, path);
  const stamp = fileStamp(file);
  if (stamp === '') return undefined;
  const last = read.get(path);
  if (last?.stamp === stamp) return last.digest;
  const current = { stamp, digest: digest(readFileSync(file, 'utf8')) };
  read.set(path, current);
  return current.digest;
}

/** TypeScript keeps a file's object while its text is the same. @type {WeakMap<SourceFile, string>} */
const compiled = new WeakMap();

/** Of the text that TypeScript had: the file may have been edited meanwhile. @param {SourceFile} file */
function compiledDigest(file) {
  const known = compiled.get(file) ?? digest(file.text);
  compiled.set(file, known);
  return known;
}

/** What npm installed is known by its list. @param {SourceFile} file */
const isInstalled = ({ fileName }) => fileName.startsWith(`${packages}/`);

/** @param {SourceFile} file */
const pathOf = ({ fileName }) => relative(root, fileName);

/** The cell itself and the declarations before it are no files. @param {SourceFile} file */
const isVirtual = (file) => /^__(tslab|prev)__\./.test(pathOf(file));

/**
 * Of the files, those that `setting` does not cover.
 * @param {readonly SourceFile[]} files
 * @returns {FileDigest[]}
 */
function digestsOf(files) {
  const own = files.filter((file) => !isInstalled(file) && !isVirtual(file));
  return own.map((file) => [pathOf(file), compiledDigest(file)]);
}

/**
 * Whether the files' digests tell all that may change. An import finds `name.ts` before all else; any other file may
 * be hidden by one that is made later. Nor does a digest tell of a missing file that TypeScript was told not to mind.
 * @param {readonly SourceFile[]} files
 */
function areToldByDigests(files) {
  return files.every((file) => {
    const path = pathOf(file);
    if (isInstalled(file) || path.startsWith('..')) return true;
    const firstChoice = isVirtual(file) || /(?<!\.d|(^|\/)index)\.ts$/.test(path);
    return firstChoice && !file.text.includes('@ts-');
  });
}

/** @param {readonly FileDigest[]} digests */
const areCurrent = (digests) => digests.every(([path, known]) => currentDigest(path) === known);

module.exports = { areCurrent, areToldByDigests, digestsOf, isInstalled, setting };
