/** Times a step of each algorithm: all programs take turns, so that what else the machine does meets each alike. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { SetupError } from '../setup/failure.mjs';
import { grpoFlops } from './floor.mjs';
import { processor } from './machine.mjs';
import { startRunner } from './processes.mjs';
import { labPrograms, peerPrograms } from './programs.mjs';
import { progress } from './progress.mjs';
import { minAndMedian, ratiosOf, ratiosToFloor } from './ratios.mjs';

/** @typedef {import('./programs.mjs').Program} Program */
/** @typedef {import('./programs.mjs').Step} Step */
/** @typedef {import('./ratios.mjs').StepRow} StepRow */
/** @typedef {{ program: Program, runner: import('./processes.mjs').Runner }} Running */

/** The first step makes no graph, the second does, and a peer's compiler works in its first. */
const warmUp = 3;

/** How far two losses may be apart, as a part of 1 or of the larger. */
const tolerance = 1e-5;

/** TRPO takes ten times as long as the others: fewer steps of it, and none at M. @param {string} size */
const stepsAt = (size) =>
  /** @type {Step[]} */ (size === 'M' ? ['grpo', 'ppo', 'sft'] : ['grpo', 'ppo', 'sft', 'trpo']);

/** @param {Program[]} programs @param {Running[]} running gets each that has started, so that it can be ended */
async function startAll(programs, running) {
  for (const program of programs) {
    progress(`starting ${program.command.name}`);
    const runner = await startRunner(program.command);
    running.push({ program, runner });
    const { avx512 } = runner.ready;
    // a library that cannot be preloaded is left out without an error
    if (avx512 !== undefined && avx512 !== (program.forced ?? false)) {
      throw new SetupError(`"${program.command.name}" has MKL's AVX-512 path ${avx512 ? '' : 'not '}forced.`);
    }
  }
}

/**
 * Both compute the same losses from the same weights, or nothing is compared.
 * @param {Running[]} running the first of them told its losses @param {string} folder
 */
export async function compareLosses(running, folder) {
  const own = running[0]?.runner.ready.losses;
  for (const { program, runner } of running.filter(({ program: { checked } }) => checked)) {
    progress(`checking ${program.command.name}`);
    const files = { batch: join(folder, 'batch.safetensors'), critic: join(folder, 'critic.safetensors') };
    const theirs = await runner.ask({ command: 'losses', ...files });
    for (const [name, loss] of Object.entries(own)) {
      // a loss that is missing or not a number is refused too
      if (Math.abs(theirs[name] - loss) <= tolerance * Math.max(1, Math.abs(loss))) continue;
      throw new SetupError(`"${program.command.name}" has ${theirs[name]} for ${name}, the lab ${loss}.`);
    }
  }
}

/** GFLOP/s of each of the lab's numbers of threads: the best so far. @param {Running[]} running @param {Map<number, number>} rates */
async function measureRates(running, rates) {
  for (const { program, runner } of running.filter(({ program: { family } }) => family === 'lab')) {
    const { gflops } = await runner.ask({ command: 'matmul' });
    rates.set(program.threads, Math.max(gflops, rates.get(program.threads) ?? 0));
  }
}

/** @param {Running[]} running @param {string} size @param {Step} step @param {number} count @returns {Promise<StepRow[]>} */
async function timeStep(running, size, step, count) {
  const able = running.filter(({ program: { steps } }) => steps.includes(step));
  const measured = able.map((one) => ({ ...one, times: /** @type {Record<string, number>[]} */ ([]) }));
  for (let turn = -warmUp; turn < count; turn++) {
    progress(`${size} ${step}`, turn < 0 ? 'warming up' : `${turn + 1} of ${count}`);
    for (const { program, runner, times } of measured) {
      const isTurn = turn < 0 ? program.every === 1 || turn === -1 : turn % program.every === 0;
      if (!isTurn) continue;
      const told = await runner.ask({ command: step });
      if (turn >= 0) times.push(told);
    }
  }
  return measured.flatMap(({ program: { name, family, threads }, times }) =>
    Object.keys(times[0] ?? {}).map((phase) => {
      const { min, median } = minAndMedian(times.map((time) => time[phase] ?? Number.NaN));
      const what = { size, step, phase, program: name, family, threads, steps: times.length };
      return { ...what, min_ms: min, median_ms: median };
    }),
  );
}

/**
 * One size: its programs live from its beginning to its end.
 * @param {string} size @param {import('./options.mjs').Options} options
 * @param {Map<number, number>} rates @param {Record<string, string>} versions both are added to
 */
async function timeSize(size, { steps, peers }, rates, versions) {
  const folder = mkdtempSync(join(tmpdir(), 'lab-bench-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.on('exit', removeFolder);
  /** @type {Running[]} */
  const running = [];
  try {
    // what the peers lack is said before anything starts; what they read is there once the lab has started
    const others = await peerPrograms(size, folder, peers, processor());
    await startAll([...labPrograms(size, folder), ...others], running);
    await compareLosses(running, folder);
    const ready = running.map(({ runner }) => runner.ready);
    const [{ version, shape, vocabularySize } = {}] = ready;
    versions.engine = version;
    for (const { torch, trl } of ready) Object.assign(versions, torch && { pytorch: torch }, trl && { trl });
    /** @type {StepRow[]} */
    const rows = [];
    for (const step of stepsAt(size)) {
      await measureRates(running, rates);
      const count = step === 'trpo' ? Math.max(3, Math.ceil(steps / 4)) : steps;
      rows.push(...(await timeStep(running, size, step, count)));
    }
    await measureRates(running, rates);
    return { rows, flops: grpoFlops(shape, vocabularySize) };
  } finally {
    for (const { runner } of running) runner.end();
    process.off('exit', removeFolder);
    removeFolder();
  }
}

/** @param {import('./options.mjs').Options} options */
export async function timeSteps(options) {
  /** @type {StepRow[]} */
  const rows = [];
  /** @type {Map<string, number>} */
  const flops = new Map();
  /** @type {Map<number, number>} */
  const rates = new Map();
  /** @type {Record<string, string>} */
  const versions = {};
  for (const size of options.sizes) {
    const timed = await timeSize(size, options, rates, versions);
    rows.push(...timed.rows);
    flops.set(size, timed.flops);
  }
  const families = [...new Set(rows.map(({ family }) => family))];
  const peers = families.filter((family) => !family.startsWith('lab'));
  const [threads, gflops] = [...rates].reduce((best, rate) => (rate[1] > best[1] ? rate : best), [1, 0]);
  const ratios = [...ratiosOf(rows, peers), ...ratiosToFloor(rows, flops, { gflops, threads })];
  return { rows, ratios, rates, versions };
}
