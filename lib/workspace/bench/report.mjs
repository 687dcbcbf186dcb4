/** What was measured, as files in data/results/bench and as tables. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { root } from '../environment.mjs';
import { formatTable } from '../runner/summary.mjs';
import { writeAtomically } from '../setup/folders.mjs';
import { titled } from './programs.mjs';

/** @typedef {Readonly<Record<string, string | number>>} Row */

const folder = join(root, 'data', 'results', 'bench');

/** @param {string} name */
export function resultPath(name) {
  mkdirSync(folder, { recursive: true });
  return join(folder, name);
}

/** Numbers of which the digits after the fifth are chance. @param {string | number} value */
const rounded = (value) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;

/**
 * Writes <name>.csv, and what machine it was measured on beside it: files of other runs stay as they are.
 * @param {string} name @param {readonly Row[]} rows @param {Row} machine
 */
export function writeRows(name, rows, machine) {
  const cells = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, rounded(value)])),
  );
  writeAtomically(resultPath(`${name}.csv`), stringify(cells, { header: true }));
  const path = resultPath('machine.json');
  const machines = { ...readMachines(path), [`${name}.csv`]: machine };
  writeAtomically(path, `${JSON.stringify(machines, null, 2)}\n`);
}

/** @param {string} path @returns {Record<string, Row>} */
function readMachines(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}

const one = (/** @type {number} */ value) => value.toFixed(1);
const two = (/** @type {number} */ value) => value.toFixed(2);

/** @param {readonly string[]} header @param {readonly (readonly string[])[]} rows @param {string} title */
const table = (title, header, rows) => console.log(`\n${title}\n\n${formatTable([header, ...rows])}`);

/** @param {readonly import('./ratios.mjs').StepRow[]} rows */
export function printSteps(rows) {
  table(
    'Milliseconds of a step: the least and the median',
    ['step', 'steps', 'least', 'median', 'rollout', 'reference', 'train', 'program'],
    rows
      .filter(({ phase }) => phase === 'total')
      .map(({ size, step, program, threads, steps, min_ms, median_ms }) => {
        /** @param {string} phase */
        const least = (phase) => {
          const found = rows.find(
            (row) =>
              row.size === size &&
              row.step === step &&
              row.program === program &&
              row.threads === threads &&
              row.phase === phase,
          );
          return found ? one(found.min_ms) : '';
        };
        const phases = ['rollout', 'reference', 'train'].map(least);
        const name = titled(program, threads);
        return [`${size} ${step}`, String(steps), one(min_ms), one(median_ms), ...phases, name];
      }),
  );
}

/** @param {readonly import('./ratios.mjs').Ratio[]} ratios @param {ReadonlyMap<number, number>} rates */
export function printRatios(ratios, rates) {
  const told = [...rates].map(([threads, gflops]) => `${gflops.toFixed(0)} on ${threads}`).join(', ');
  table(
    `The lab's best over the best of each other; below 1 the lab is faster. The floor is a step's FLOPs at the best rate of a float32 matrix product (GFLOP/s by threads: ${told})`,
    ['step', 'by', 'lab, ms', 'other, ms', 'ratio', 'other'],
    ratios.map(({ size, step, statistic, against, lab_ms, other, other_ms, ratio }) => [
      `${size} ${step}`,
      statistic,
      one(lab_ms),
      one(other_ms),
      two(ratio),
      against === 'floor' ? `floor: ${other}` : other,
    ]),
  );
}

/** @param {readonly Record<string, any>[]} rows */
export function printGrowth(rows) {
  const grown = rows.map(({ size, value, min_ms }, i) => {
    const before = rows[i - 1];
    const factor = before?.size === size ? `×${two(min_ms / before?.min_ms)}` : '';
    return [size, String(value), one(min_ms), factor];
  });
  table('Milliseconds of a GRPO step as one size doubles', ['size', 'value', 'least', 'growth'], grown);
}

/** @param {readonly Record<string, any>[]} rows */
export function printKernels(rows) {
  table(
    "Microseconds of TensorFlow's own operations and of the fused kernel, both in a graph: the least",
    ['kernel', 'composite', 'fused', 'gain', 'pass'],
    rows.map(({ size, kernel, pass, composite_us, fused_us, gain }) => [
      `${size} ${kernel}`,
      composite_us.toFixed(0),
      fused_us.toFixed(0),
      `×${one(gain)}`,
      pass,
    ]),
  );
}

/** @param {readonly Record<string, any>[]} rows */
export function printStart(rows) {
  table(
    "Seconds since a kernel's start: the least and the median",
    ['', 'starts', 'least', 'median'],
    rows.map(({ moment, starts, min_ms, median_ms }) => [
      moment,
      String(starts),
      two(min_ms / 1000),
      two(median_ms / 1000),
    ]),
  );
}
