/** Which notebooks there are, and which of them a command line names. */
import fs from 'node:fs';
import { basename, join } from 'node:path';
import { nearest } from './nearest.mjs';
import { UsageError } from './options.mjs';

/** @typedef {{ name: string, path: string }} NotebookFile name: the file's name without .ipynb */

/**
 * The notebooks of a folder, by name.
 * @param {string} folder
 * @returns {NotebookFile[]}
 */
export function listNotebooks(folder) {
  const files = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  return files
    .filter((file) => file.endsWith('.ipynb'))
    .sort()
    .map((file) => ({ name: basename(file, '.ipynb'), path: join(folder, file) }));
}

/** A notebook's name with and without its number. @param {string} name */
const spellings = (name) => [name, name.replace(/^\d+-/, '')];

/** @param {string} wanted a number, a name, the beginning of one with or without its number, or a file's path */
function matcher(wanted) {
  const text = basename(wanted, '.ipynb');
  if (/^\d+$/.test(text)) {
    return (/** @type {string} */ name) => Number.parseInt(name, 10) === Number(text);
  }
  return (/** @type {string} */ name) => spellings(name).some((spelling) => spelling.startsWith(text));
}

/**
 * The notebooks that the names select, in the notebooks' order; all of them where no name is given.
 * @param {readonly string[]} names @param {readonly NotebookFile[]} notebooks
 * @returns {NotebookFile[]}
 */
export function selectNotebooks(names, notebooks) {
  if (notebooks.length === 0) throw new UsageError('There are no notebooks to run.');
  if (names.length === 0) return [...notebooks];
  const all = notebooks.map(({ name }) => name);
  /** @type {Set<string>} */
  const selected = new Set();
  for (const wanted of names) {
    const matches = all.filter(matcher(wanted));
    if (matches.length === 0) {
      const proposals = nearest(basename(wanted, '.ipynb'), all, spellings).join(', ');
      throw new UsageError(`There is no notebook "${wanted}"; the nearest names are ${proposals}.`);
    }
    for (const name of matches) selected.add(name);
  }
  return notebooks.filter(({ name }) => selected.has(name));
}

/**
 * Refuses a file that Jupyter's tools would refuse with a stack trace.
 * @param {NotebookFile} notebook
 */
export function checkNotebook({ path }) {
  let notebook;
  try {
    notebook = JSON.parse(fs.readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path} is not a notebook: ${/** @type {Error} */ (error).message}.`);
  }
  if (notebook?.nbformat !== 4 || !Array.isArray(notebook.cells)) {
    throw new UsageError(
      `${path} is a notebook of format ${notebook?.nbformat}; expected 4: save it in JupyterLab.`,
    );
  }
}
