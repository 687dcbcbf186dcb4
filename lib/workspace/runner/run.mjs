/** Runs notebooks side by side, and keeps and tells what comes of each. */
import fs from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { root } from '../environment.mjs';
import { writeAtomically } from '../setup/folders.mjs';
import { execute } from './execute.mjs';
import { explainDeath, explainError } from './failure.mjs';
import { linkFrom } from './links.mjs';
import { findMachinePath, formatNotebook, normalize, withoutOutputs } from './normalize.mjs';
import { showProgress } from './progress.mjs';
import { commit, versions } from './provenance.mjs';
import { runFile, writeReport } from './report.mjs';
import { closeRunFolder, openRunFolder, publish } from './results.mjs';
import { codeCells, csvFiles, duration, engineOf, figures } from './summary.mjs';

/** @typedef {import('./notebooks.mjs').NotebookFile} NotebookFile */
/** @typedef {import('./options.mjs').Parameters} Parameters */
/** @typedef {import('./normalize.mjs').Notebook} Notebook */
/** @typedef {ReturnType<typeof showProgress>} Progress */

/**
 * One notebook's run, as its run.json records it.
 * @typedef {{
 *   name: string, failure: string, cells: number, cellsRun: number, seconds: number, figures: number, csvs: number,
 *   parameters: Parameters, engine: string, versions: Record<string, string>, date: string, commit: string,
 * }} Run failure: '' or what went wrong
 */

/**
 * @typedef {{
 *   notebooks: readonly NotebookFile[], python: string, parameters: Parameters, jobs: number, out: string,
 *   write: boolean, terminal: import('./progress.mjs').Terminal, signal: AbortSignal,
 * }} Request
 */

/** @param {string} path @returns {Notebook} */
const readNotebook = (path) => JSON.parse(fs.readFileSync(path, 'utf8'));

/**
 * Executes a notebook in its place, and returns what went wrong ('' if nothing did) and how far it came.
 * @param {string} name
 * @param {string} path RESULTS/<name>/<name>.ipynb
 * @param {Request} request
 * @param {Progress} progress
 */
async function executeNotebook(name, path, { python, parameters, signal }, progress) {
  const results = dirname(dirname(path));
  const log = `${results}.log`;
  const env = { ...process.env, LAB_PARAMETERS: JSON.stringify(parameters), LAB_RESULTS: results };
  let cellsRun = 0;
  /** @type {string[]} */
  const failures = [];
  for await (const event of execute({ python, notebook: path, log, env, signal })) {
    if (event.event === 'start') progress.update(name, { cells: event.cells });
    if (event.event === 'cell') {
      progress.update(name, { cell: event.cell });
      cellsRun = event.cell;
    }
    if (event.event === 'error') failures.push(explainError(name, readNotebook(path), event));
    if (event.event === 'dead') failures.push(explainDeath(name, event, fs.readFileSync(log, 'utf8')));
  }
  signal.throwIfAborted();
  return { failure: failures.join('\n'), cellsRun };
}

/** Folders that another machine does not have. @param {string} out */
const machineFolders = (out) => [root, out, homedir(), tmpdir()].filter((folder) => folder !== '/');

/**
 * Writes an executed notebook back into the folder that it came from; returns why not, or ''.
 * @param {NotebookFile} file @param {Notebook} notebook @param {string} out
 */
function writeBack({ name, path }, notebook, out) {
  const found = findMachinePath(notebook, machineFolders(out));
  if (found) {
    const cell = codeCells(notebook).indexOf(found.index) + 1;
    return `${name}: not written back: the output of cell ${cell} names ${found.folder}, a folder of this machine.`;
  }
  const engine = engineOf(notebook);
  if (engine && !engine.endsWith('(native)')) {
    return `${name}: not written back: it ran on ${engine}, and notebooks in git show the native engine's results.`;
  }
  writeAtomically(path, formatNotebook(notebook));
  return '';
}

/**
 * One notebook from its start to its results in their place.
 * @param {NotebookFile} file
 * @param {string} results LAB_RESULTS of this run, in the temporary folder
 * @param {Pick<Run, 'commit' | 'versions'>} made @param {Request} request @param {Progress} progress
 * @returns {Promise<Run>}
 */
async function runNotebook(file, results, made, request, progress) {
  const { name } = file;
  const started = Date.now();
  const folder = join(results, name);
  const executed = join(folder, `${name}.ipynb`);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(executed, formatNotebook(withoutOutputs(readNotebook(file.path))));
  progress.start(name);
  const { failure, cellsRun } = await executeNotebook(name, executed, request, progress);
  const notebook = normalize(readNotebook(executed));
  const refusal = request.write && !failure ? writeBack(file, notebook, request.out) : '';
  /** @type {Run} */
  const run = {
    name,
    failure: failure || refusal,
    cells: codeCells(notebook).length,
    cellsRun,
    seconds: (Date.now() - started) / 1000,
    figures: figures(notebook).length,
    csvs: csvFiles(notebook).length,
    parameters: request.parameters,
    engine: engineOf(notebook),
    date: new Date(started).toISOString(),
    ...made,
  };
  fs.writeFileSync(executed, formatNotebook(linkFrom(notebook, join(request.out, name))));
  fs.writeFileSync(join(folder, runFile), `${JSON.stringify(run, null, 2)}\n`);
  publish(results, request.out, name);
  progress.end(name, run.failure || `${name}: ${run.cells} cells, ${duration(run.seconds)}`);
  return run;
}

/**
 * Runs the notebooks, `jobs` at a time, and writes the report. An error in one does not stop the others.
 * @param {Request} request
 * @returns {Promise<{ runs: Run[], report: string }>} runs in the notebooks' order; rejects once `signal` aborts
 */
export async function runNotebooks(request) {
  const { notebooks, jobs, out, terminal } = request;
  const made = { commit: commit(), versions: versions() };
  const folder = openRunFolder(out);
  const progress = showProgress(
    terminal,
    notebooks.map(({ name }) => name),
  );
  const waiting = [...notebooks.entries()];
  /** @type {Run[]} */
  const runs = [];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, file] = next;
      runs[index] = await runNotebook(file, join(folder, String(index)), made, request, progress);
    }
  };
  try {
    const workers = await Promise.allSettled(Array.from({ length: Math.min(jobs, notebooks.length) }, work));
    const failed = workers.find((worker) => worker.status === 'rejected');
    if (failed) throw failed.reason;
    return { runs, report: writeReport(out) };
  } finally {
    progress.close();
    closeRunFolder(out, folder);
  }
}
