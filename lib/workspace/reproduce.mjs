/** `npm run reproduce`: runs the notebooks headless and leaves executed notebooks, CSVs and a report. */
import { join, relative, resolve } from 'node:path';
import process from 'node:process';
import { pythonPath, root } from './environment.mjs';
import { checkNotebook, listNotebooks, selectNotebooks } from './runner/notebooks.mjs';
import { parseOptions, UsageError, usage } from './runner/options.mjs';
import { runNotebooks } from './runner/run.mjs';
import { duration, formatTable } from './runner/summary.mjs';
import { setUp } from './setup.mjs';

/** LAB_NOTEBOOKS names another folder of notebooks. */
const notebooksFolder = process.env.LAB_NOTEBOOKS || join(root, 'notebooks');

/** @param {string[]} args */
function request(args) {
  const options = parseOptions(
    args,
    process.env,
    resolve(process.env.LAB_RESULTS || join(root, 'data', 'results')),
  );
  if (options.help) return undefined;
  const notebooks = selectNotebooks(options.names, listNotebooks(notebooksFolder));
  notebooks.forEach(checkNotebook);
  return { ...options, notebooks };
}

/** @param {readonly import('./runner/run.mjs').Run[]} runs */
function table(runs) {
  const rows = runs.map((run) => [
    run.name,
    `${run.cellsRun}/${run.cells}`,
    duration(run.seconds),
    String(run.figures),
    String(run.csvs),
    run.failure ? 'failed' : 'ok',
  ]);
  return formatTable([['notebook', 'cells', 'time', 'figures', 'CSVs', 'status'], ...rows]);
}

/**
 * Aborts at Ctrl-C, at a polite kill and when the terminal closes.
 * @returns {AbortSignal}
 */
function abortOnSignals() {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => controller.abort());
  return controller.signal;
}

/**
 * @param {string[]} args
 * @returns {Promise<number>} exit status: 0, 1 after an error in a notebook, 2 for a wrong command line, 130 stopped
 */
export async function main(args) {
  let requested;
  try {
    requested = request(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
  if (!requested) {
    console.log(usage);
    return 0;
  }
  await setUp();
  const signal = abortOnSignals();
  try {
    const { runs, report } = await runNotebooks({
      ...requested,
      python: pythonPath,
      terminal: process.stdout,
      signal,
    });
    console.log(`\n${table(runs)}\n\nReport: ${relative(process.cwd(), report)}`);
    return runs.some((run) => run.failure) ? 1 : 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    console.log('Stopped: the results of notebooks that had not ended are those of their last run.');
    return 130;
  }
}
