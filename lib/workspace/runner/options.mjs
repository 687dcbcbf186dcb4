/** The command line of `npm run reproduce`. */
import os from 'node:os';
import { resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

/** A mistake on the command line; its message is the whole of what the user is shown. */
export class UsageError extends Error {}

/**
 * What the notebooks receive in LAB_PARAMETERS.
 * @typedef {{ quick: boolean, seed?: number, overrides: Record<string, unknown> }} Parameters
 * @typedef {{ names: string[], parameters: Parameters, jobs: number, out: string, write: boolean, help: boolean }} Options
 */

export const usage = `npm run reproduce [-- NAME… --quick --seed N --jobs N --out DIR --set name=value --write]

Runs the notebooks in real kernels and leaves executed notebooks, CSVs and a report (index.html) in data/results.

  NAME               a notebook's number, name or the beginning of it (default: all notebooks)
  --quick            small sizes, to see that everything works
  --seed N           another seed for every notebook
  --set name=value   another value for a parameter of a notebook's first code cell; may be repeated
  --jobs N           notebooks that run side by side (default: one per core)
  --out DIR          another folder for the results
  --write            also write the executed notebooks back into notebooks/, normalized for git`;

/** @type {import('node:util').ParseArgsConfig['options'] & {}} */
const options = {
  quick: { type: 'boolean' },
  seed: { type: 'string' },
  jobs: { type: 'string' },
  out: { type: 'string' },
  set: { type: 'string', multiple: true },
  write: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
};

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    const [sentence] = /** @type {Error} */ (error).message.split(/\.?(?: To specify|\n)/);
    throw new UsageError(`${sentence}; \`npm run reproduce -- --help\` lists the options.`);
  }
}

/** @param {string} option @param {unknown} text @param {number} least */
function wholeNumber(option, text, least) {
  const value = Number(text);
  if (text !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`--${option} is "${text}"; expected a whole number of at least ${least}.`);
}

/**
 * `steps=100` gives the number 100: a value is JSON where it parses as JSON, else text.
 * @param {string} text
 * @returns {[string, unknown]}
 */
function assignment(text) {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new UsageError(`--set is "${text}"; expected name=value, such as discount=0.8.`);
  }
  try {
    return [name, JSON.parse(value)];
  } catch {
    return [name, value];
  }
}

/** Written without `--`, an option is npm's, which keeps it in the environment. @param {NodeJS.ProcessEnv} env */
function refuseOptionsKeptByNpm(env) {
  const kept = ['quick', 'seed', 'out', 'set', 'write'].find((name) => env[`npm_config_${name}`]);
  if (kept) {
    throw new UsageError(
      `npm took --${kept} for an option of its own: write \`npm run reproduce -- --${kept} …\`.`,
    );
  }
}

/**
 * Notebooks in git show what `npm run reproduce` gives without options.
 * @param {Record<string, unknown>} values
 * @param {string | undefined} engine
 */
function refuseWriting(values, engine) {
  const option = ['quick', 'seed', 'set', 'out'].find((name) => values[name] !== undefined);
  const forced = engine && engine !== 'native' ? `LAB_ENGINE=${engine}` : undefined;
  const reason = option ? `--${option}` : forced;
  if (reason) throw new UsageError(`--write keeps what runs with the defaults: leave out ${reason}.`);
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {string} defaultOut where results go unless --out says otherwise
 * @returns {Options}
 */
export function parseOptions(args, env, defaultOut) {
  refuseOptionsKeptByNpm(env);
  const { values, positionals: names } = parse(args);
  const overrides = /** @type {string[]} */ (values.set ?? []).map(assignment);
  /** @type {Parameters} */
  const parameters = { quick: values.quick === true, overrides: Object.fromEntries(overrides) };
  if (values.seed !== undefined) parameters.seed = wholeNumber('seed', values.seed, 0);
  const jobs = values.jobs === undefined ? os.availableParallelism() : wholeNumber('jobs', values.jobs, 1);
  const out = values.out === undefined ? defaultOut : resolve(process.cwd(), String(values.out));
  const write = values.write === true;
  if (write) refuseWriting(values, env.LAB_ENGINE);
  return { names, parameters, jobs, out, write, help: values.help === true };
}
