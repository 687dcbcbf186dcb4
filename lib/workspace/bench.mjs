/**
 * `npm run bench`: how long the lab's steps take beside their peers', how that grows, what the fused kernels gain, and
 * how soon a notebook's kernel answers.
 */
import process from 'node:process';
import { describeMachine } from './bench/machine.mjs';
import { parseOptions, usage } from './bench/options.mjs';
import { leavesAvx512Aside } from './bench/peers.mjs';
import { endProgress } from './bench/progress.mjs';
import {
  printGrowth,
  printKernels,
  printRatios,
  printStart,
  printSteps,
  resultPath,
  writeRows,
} from './bench/report.mjs';
import { measureGrowth, measureKernels, measureStart } from './bench/scripts.mjs';
import { timeSteps } from './bench/steps.mjs';
import { UsageError } from './runner/options.mjs';
import { setUp } from './setup.mjs';

/** @typedef {import('./bench/options.mjs').Options} Options */
/** @typedef {ReturnType<typeof describeMachine>} Machine */

/** @type {Record<import('./bench/options.mjs').Part, (options: Options, machine: Machine) => Promise<void>>} */
const parts = {
  async steps(options, machine) {
    const { rows, ratios, rates, versions } = await timeSteps(options);
    const measuredOn = { ...machine, ...versions };
    writeRows('steps', rows, measuredOn);
    writeRows('ratios', ratios, measuredOn);
    endProgress();
    printSteps(rows);
    printRatios(ratios, rates);
    if (options.peers.length > 0 && !leavesAvx512Aside(String(machine.processor))) {
      console.log(
        '\nMKL takes its AVX-512 path by itself on this processor: it is not forced in rows of their own.',
      );
    }
  },
  async growth({ steps }, machine) {
    const { rows, engine } = await measureGrowth(steps, resultPath('growth.png'));
    writeRows('growth', rows, { ...machine, engine });
    endProgress();
    printGrowth(rows);
  },
  async kernels({ sizes }, machine) {
    const { rows, engine } = await measureKernels(sizes);
    writeRows('kernels', rows, { ...machine, engine });
    endProgress();
    printKernels(rows);
  },
  async start(_, machine) {
    const rows = await measureStart();
    writeRows('kernel', rows, machine);
    endProgress();
    printStart(rows);
  },
};

/** @param {string[]} args @returns {Promise<number>} the exit status: 2 for a wrong command line */
export async function main(args) {
  let options;
  try {
    options = parseOptions(args, process.env);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  await setUp();
  const machine = describeMachine();
  const { processor, cores, memory_gib, node, load_before } = machine;
  console.log(
    `${processor}, ${cores} cores, ${memory_gib} GiB; Node ${node}; load ${load_before} before the run`,
  );
  // what runs and lies about is cleared away as this process exits
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));
  try {
    for (const part of options.only) await parts[part](options, machine);
  } finally {
    endProgress();
  }
  return 0;
}
