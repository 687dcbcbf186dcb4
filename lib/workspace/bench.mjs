/**
 * `npm run bench [-- --sizes XS,S,M] [-- --steps 20] [-- --peer pytorch]`: times one step of GRPO and one of TRPO, as it
 * is and compiled, with one thread and two, beside hand-written PyTorch where it is asked for. All run in processes of
 * their own that take turns, step by step, so that what else the machine does meets each alike; a table and a CSV tell
 * the least and the median.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { stringify } from 'csv-stringify/sync';
import writeFileAtomic from 'write-file-atomic';
import { cacheFolder, root } from './environment.mjs';
import { SetupError } from './setup/failure.mjs';
import { digest } from './setup/folders.mjs';
import { setUp } from './setup.mjs';

const benchmarks = join(root, 'test', 'benchmarks');
const peers = join(benchmarks, 'peers');

/** @typedef {{ name: string, ask: (command: object) => Promise<Record<string, any>>, ready: Record<string, any>, end: () => void }} Runner */

/** A process that answers each line with a line. @param {string} name @param {string} program @param {string[]} args @param {NodeJS.ProcessEnv} env @returns {Promise<Runner>} */
async function start(name, program, args, env) {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new SetupError(`the benchmark's process "${name}" ended without an answer.`);
    return JSON.parse(value);
  };
  const ready = await answer();
  return {
    name,
    ready,
    ask: (command) => {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      return answer();
    },
    end: () => child.stdin.end('{"command":"quit"}\n'),
  };
}

/** PyTorch's environment, made once in the cache. */
function peerPython() {
  const requirements = join(peers, 'requirements.txt');
  const folder = join(cacheFolder, `peers-${digest([readFileSync(requirements, 'utf8')])}`);
  const python = join(folder, 'bin', 'python');
  const done = join(folder, 'complete');
  if (existsSync(done)) return python;
  process.stderr.write('bench: PyTorch and what it needs are installed, once (some minutes) …\n');
  for (const [program, args] of /** @type {[string, string[]][]} */ ([
    ['python3', ['-m', 'venv', folder]],
    [python, ['-m', 'pip', 'install', '--quiet', '--no-input', '-r', requirements]],
  ])) {
    if (spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status !== 0) {
      throw new SetupError(`the peer's environment was not made: ${program} ${args.join(' ')} failed.`);
    }
  }
  writeFileAtomic.sync(done, '');
  return python;
}

/** Makes MKL take its AVX-512 path on an AMD processor too. @param {string} folder */
function avx512Library(folder) {
  const library = join(folder, 'avx512.so');
  const args = ['-shared', '-fPIC', '-O2', join(peers, 'avx512.c'), '-o', library];
  if (spawnSync('cc', args, { stdio: 'inherit' }).status !== 0)
    throw new SetupError(`${join(peers, 'avx512.c')} was not compiled: a C compiler is needed (cc).`);
  return library;
}

/** @param {string} size @param {string} folder @param {boolean} withPeer */
async function startAll(size, folder, withPeer) {
  const lab = ['-r', './lib/workspace/typescriptModules.cjs', join(benchmarks, 'lab.ts'), size];
  /** @type {Runner[]} */
  const runners = [];
  for (const threads of ['1', '2']) {
    const env = { LAB_ENGINE: 'native', LAB_THREADS: threads };
    // the first writes what the peers read
    const args = runners.length === 0 ? [...lab, folder] : lab;
    runners.push(await start(`lab compiled, ${threads} threads`, process.execPath, args, env));
  }
  const eager = { LAB_ENGINE: 'native', LAB_THREADS: '1', LAB_COMPILE: 'off' };
  runners.push(await start('lab as it is, 1 threads', process.execPath, lab, eager));
  if (!withPeer) return runners;
  const python = peerPython();
  const shim = avx512Library(folder);
  for (const [label, preload] of [
    ['PyTorch', ''],
    ['PyTorch with AVX-512', shim],
  ]) {
    for (const threads of ['1', '2']) {
      const weights = join(folder, 'weights.safetensors');
      const args = [join(peers, 'pytorch.py'), '--size', size, '--threads', threads, '--weights', weights];
      const env = preload ? { LD_PRELOAD: preload } : {};
      const peer = await start(`${label}, ${threads} threads`, python, args, env);
      // a library that cannot be preloaded is left out without an error
      if (peer.ready.avx512 !== (preload !== ''))
        throw new SetupError(
          `${peer.name} says that MKL's AVX-512 path is ${peer.ready.avx512 ? '' : 'not '}forced.`,
        );
      runners.push(peer);
    }
  }
  return runners;
}

/** Both compute the same loss from the same weights, or nothing is compared. @param {Runner[]} runners @param {string} folder */
async function compareLosses(runners, folder) {
  const own = runners[0]?.ready.loss.loss;
  for (const { name, ask } of runners.filter((runner) => runner.name.startsWith('PyTorch'))) {
    const { loss } = await ask({ command: 'loss', batch: join(folder, 'batch.safetensors') });
    if (!(Math.abs(loss - own) <= 1e-5))
      throw new SetupError(`${name} has the loss ${loss}, the lab ${own}.`);
  }
}

/** @param {string[]} args @returns {Promise<number>} the exit status */
export async function main(args) {
  const { values } = parseArgs({
    args,
    options: {
      sizes: { type: 'string', default: 'XS,S,M' },
      steps: { type: 'string', default: '20' },
      peer: { type: 'string' },
    },
  });
  const steps = Number(values.steps);
  if (!(Number.isInteger(steps) && steps > 0))
    throw new SetupError(`--steps is ${values.steps}; expected a whole number from 1.`);
  if (values.peer !== undefined && values.peer !== 'pytorch')
    throw new SetupError(`--peer is ${values.peer}; expected pytorch.`);
  await setUp();
  /** @type {Record<string, string | number>[]} */
  const rows = [];
  for (const size of values.sizes.split(',')) {
    if (!['XS', 'S', 'M'].includes(size)) throw new SetupError(`--sizes has ${size}; expected XS, S or M.`);
    const folder = mkdtempSync(join(tmpdir(), 'lab-bench-'));
    const runners = await startAll(size, folder, values.peer === 'pytorch');
    await compareLosses(runners, folder);
    for (const command of size === 'XS' ? ['grpo', 'trpo'] : ['grpo']) {
      const count = command === 'grpo' ? steps : Math.max(3, Math.ceil(steps / 4));
      /** @type {Map<string, Record<string, number>[]>} */
      const measured = new Map(runners.map(({ name }) => [name, []]));
      for (let step = -3; step < count; step++) {
        process.stderr.write(`\rbench: ${size} ${command} ${Math.max(0, step + 1)} of ${count} `);
        for (const { name, ask } of runners) {
          const times = await ask({ command });
          if (step >= 0) measured.get(name)?.push(times);
        }
      }
      for (const [name, list] of measured) {
        for (const phase of Object.keys(list[0] ?? {})) {
          const sorted = list.map((times) => times[phase] ?? Number.NaN).sort((a, b) => a - b);
          const [min_ms = 0] = sorted;
          rows.push({
            size,
            step: command,
            phase,
            program: name,
            min_ms,
            median_ms: sorted[sorted.length >> 1] ?? 0,
          });
        }
      }
    }
    for (const { end } of runners) end();
    rmSync(folder, { recursive: true });
  }
  process.stderr.write('\n');
  const folder = join(root, 'data', 'results', 'bench');
  mkdirSync(folder, { recursive: true });
  writeFileAtomic.sync(join(folder, 'steps.csv'), stringify(rows, { header: true }));
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores; milliseconds`);
  console.table(
    rows
      .filter(({ phase }) => phase === 'total')
      .map(({ phase: _, min_ms, median_ms, ...row }) => ({
        ...row,
        min: Number(min_ms).toFixed(1),
        median: Number(median_ms).toFixed(1),
      })),
  );
  return 0;
}
