/** Sweeps of real processes that are killed, and a disk that is full: nothing is lost, and nothing is different. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkpointSteps, readCheckpoint } from '../../lib/experiments/run/checkpoints';
import { keptRuns, readRows } from '../../lib/experiments/run/runFolder';
import { seededRandom } from '../../lib/math/random';

const scratch = mkdtempSync(join(tmpdir(), 'lab-sweep-'));
const entry = ['--require', './lib/workspace/cachedModules.cjs', 'lib/commandLine/main.ts'];
const steps = 8;
const sweep = [
  ...['grpo', 'ppo', '--task', 'corridor', '--seed', '1..10', '--set', 'temperature=1,0.8'],
  ...['--set', `steps=${steps}`, '--set', 'evaluateEvery=2', '--set', 'queries=4', '--set', 'groupSize=4'],
];
const runCount = 40;

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function startSweep(out: string, ...options: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...entry, ...sweep, '--out', out, ...options], { stdio: 'ignore' });
}

const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    child.once('exit', (status) => resolve(status));
  });

/** The processes that another started, which on Linux its folder in /proc lists. */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** A process that has ended may stay as a zombie until somebody asks. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended already
  }
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** What two sweeps have in common that computed the same: everything but times and how often a run was resumed. */
function computed(out: string): Record<string, string> {
  const all = keptRuns(join(out, 'runs')).flatMap(({ folder, spec }) => {
    const checkpoints = readdirSync(join(folder, 'checkpoints')).map((name) => join('checkpoints', name));
    const names = ['progress.csv', 'progress.jsonl', 'completions.csv', ...checkpoints];
    return names
      .filter((name) => !name.endsWith('.json'))
      .map((name) => [`${spec.name}/${name}`, digest(readFileSync(join(folder, name)))] as const);
  });
  return Object.fromEntries(all);
}

const undisturbed = join(scratch, 'undisturbed');

beforeAll(async () => {
  expect(await ended(startSweep(undisturbed))).toBe(0);
});

it('keeps every run of a sweep whose workers and submitter are killed at random moments', async () => {
  const out = join(scratch, 'disturbed');
  const random = seededRandom(Number(process.env.LAB_SEED ?? 1));
  const between = (least: number, most: number) => least + (most - least) * random.uniform();
  let kills = 0;
  for (let round = 0; ; round++) {
    const submitter = startSweep(out, '--resume', '--checkpoint-every', '2');
    const until = Date.now() + (round < 3 ? between(3000, 7000) : Number.POSITIVE_INFINITY);
    const over = ended(submitter);
    let isOver = false;
    over.then(() => {
      isOver = true;
    });
    while (!isOver && Date.now() < until) {
      await Promise.race([over, sleep(between(400, 1600))]);
      const workers = childrenOf(submitter.pid!);
      if (isOver || workers.length === 0 || kills === 25) continue;
      kill(workers[random.integer(workers.length)]!);
      kills += 1;
    }
    if (isOver) {
      expect(await over).toBe(0);
      break;
    }
    kill(submitter.pid!);
    await over;
  }
  expect(kills).toBeGreaterThan(3);

  const runs = keptRuns(join(out, 'runs'));
  expect(runs).toHaveLength(runCount);
  for (const { folder, summary } of runs) {
    expect(summary).toMatchObject({ status: 'done', step: steps });
    expect(readRows(folder).map(({ global_step }) => global_step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  }
  expect(computed(out)).toEqual(computed(undisturbed));
});

it('leaves no process behind when it is killed', async () => {
  const submitter = startSweep(join(scratch, 'orphans'));
  while (childrenOf(submitter.pid!).length < 2) await sleep(50);
  await sleep(1500);
  const workers = childrenOf(submitter.pid!);
  kill(submitter.pid!);
  await ended(submitter);
  await expect.poll(() => workers.filter(isAlive), { timeout: 20_000 }).toEqual([]);
});

it('stops politely, says how to go on, and goes on', async () => {
  const out = join(scratch, 'polite');
  const submitter = spawn(process.execPath, [...entry, ...sweep, '--out', out], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  submitter.stdout.on('data', (text) => {
    said += text;
  });
  while (keptRuns(join(out, 'runs')).length < 2) await sleep(50);
  submitter.kill('SIGINT');
  expect(await ended(submitter)).toBe(130);
  expect(said).toContain('--resume');
  expect(await ended(startSweep(out, '--resume'))).toBe(0);
  expect(computed(out)).toEqual(computed(undisturbed));
});

describe('a full disk', () => {
  const asRoot = spawnSync('unshare', ['-rm', 'true']).status === 0;

  it.skipIf(!asRoot)(
    'stops the run with its last checkpoint whole; with more room it goes on (skipped where no disk can be mounted)',
    () => {
      const run = (room: string) =>
        `mount ${room} && ${process.execPath} ${entry.join(' ')} trpo --task room --set steps=40 --set evaluateEvery=5 --out disk --resume`;
      const disk = join(scratch, 'disk');
      const copies = ['first', 'second'].map((name) => join(scratch, name));
      const script = [
        `cd ${process.cwd()} && mkdir ${disk}`,
        `${run(`-t tmpfs -o size=120k lab ${disk}`).replace('--out disk', `--out ${disk}`)}; echo "status $?"`,
        `cp -r ${disk} ${copies[0]}`,
        `${run(`-o remount,size=10m ${disk}`).replace('--out disk', `--out ${disk}`)}; echo "status $?"`,
        `cp -r ${disk} ${copies[1]}`,
      ];
      const { stdout, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', script.join('\n')], {
        encoding: 'utf8',
      });
      expect(stdout.match(/status \d+/g)).toEqual(['status 1', 'status 0']);
      const said = `${stdout}${stderr}`;
      expect(said).toMatch(/cannot be written: no space left on device/);
      expect(said).not.toMatch(/\n\s+at /);

      const [stopped] = keptRuns(join(copies[0]!, 'runs'));
      expect(stopped!.summary).toBeNull();
      const kept = checkpointSteps(join(stopped!.folder, 'checkpoints'));
      expect(kept.length).toBeGreaterThan(0);
      for (const step of kept)
        expect(readCheckpoint(join(stopped!.folder, 'checkpoints'), step).step).toBe(step);

      const [whole] = keptRuns(join(copies[1]!, 'runs'));
      expect(whole!.summary).toMatchObject({ status: 'done', step: 40, resumed: 1 });
      expect(readRows(whole!.folder)).toHaveLength(40);
    },
  );
});
