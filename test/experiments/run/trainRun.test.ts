import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tf } from '../../../lib/engine/tensorflow';
import { planSweep } from '../../../lib/experiments/config/planSweep';
import type { SweepRequest } from '../../../lib/experiments/config/sweepRequest';
import { algorithmNamed } from '../../../lib/experiments/definitions/algorithms';
import { mazeExperiment } from '../../../lib/experiments/definitions/mazeExperiment';
import { taskNamed } from '../../../lib/experiments/definitions/tasks';
import { checkpointSteps } from '../../../lib/experiments/run/checkpoints';
import { readRows } from '../../../lib/experiments/run/runFolder';
import type { RunSpec } from '../../../lib/experiments/run/runSpec';
import { trainRun } from '../../../lib/experiments/run/trainRun';
import type { SweepEvent } from '../../../lib/experiments/sweep/sweepEvent';

const scratch = mkdtempSync(join(tmpdir(), 'lab-runs-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const small = { steps: 6, queries: 2, groupSize: 4, evaluateEvery: 2 };

function specOf(algorithm: string, request: Partial<SweepRequest> = {}): RunSpec {
  const { specs } = planSweep({
    task: 'corridor',
    algorithm,
    seeds: [1],
    checkpointEvery: 2,
    keepCheckpoints: 9,
    ...request,
    set: { ...small, ...request.set },
  });
  return specs[0]!;
}

/** Trains, and leaves off as soon as an event is the last one wanted. */
async function train(
  spec: RunSpec,
  runs: string,
  isLast: (event: SweepEvent) => boolean = () => false,
  task = taskNamed(spec.task),
) {
  const events: SweepEvent[] = [];
  const definitions = { task, algorithm: algorithmNamed(spec.algorithm) };
  for await (const event of trainRun(spec, definitions, runs)) {
    events.push(event);
    if (isLast(event)) break;
  }
  return events;
}

const atRow = (step: number) => (event: SweepEvent) => event.kind === 'row' && event.row.step === step;

/** What two runs that computed the same have in common, byte for byte. */
function computed(folder: string): Record<string, string> {
  const files = ['progress.csv', 'progress.jsonl', 'completions.csv'];
  const parameters = readdirSync(join(folder, 'checkpoints')).filter((name) => name.endsWith('.safetensors'));
  const all = [...files, ...parameters.map((name) => join('checkpoints', name))];
  return Object.fromEntries(all.map((name) => [name, readFileSync(join(folder, name)).toString('base64')]));
}

describe.each(['reinforce', 'grpo', 'ppo', 'trpo'])('a run of %s', (algorithm) => {
  const spec = specOf(algorithm);
  const whole = join(scratch, `whole-${algorithm}`);

  it('leaves its rows, completions, checkpoints and summary', async () => {
    const events = await train(spec, whole);
    const folder = join(whole, spec.name);
    expect(readRows(folder).map(({ global_step }) => global_step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(checkpointSteps(join(folder, 'checkpoints'))).toEqual([2, 4, 6]);
    expect(events.at(-1)).toMatchObject({ kind: 'ended', summary: { status: 'done', step: 6, resumed: 0 } });
    const [header] = readFileSync(join(folder, 'progress.csv'), 'utf8').split('\n');
    expect(header).toMatch(/^global_step,seed,/);
    const said = readFileSync(join(folder, 'completions.csv'), 'utf8').trim().split('\n');
    // steps 2, 4 and 6, of 8 walks each
    expect(said).toHaveLength(1 + 3 * 8);
    expect(existsSync(join(folder, '.lock'))).toBe(false);
  });

  it.each([1, 3, 4, 6])('left off after the row of step %i goes on to the same, bit by bit', async (stop) => {
    const runs = join(scratch, `${algorithm}-${stop}`);
    await train(spec, runs, atRow(stop));
    const events = await train(spec, runs);
    const from = 2 * Math.floor((stop - 1) / 2);
    expect(events[0]).toMatchObject({ kind: 'started', from });
    expect(computed(join(runs, spec.name))).toEqual(computed(join(whole, spec.name)));
  });
});

describe('what a run goes on from', () => {
  const spec = specOf('grpo');

  /** A run that was left off after step 5: its checkpoints are of steps 2 and 4. */
  async function leftOff(name: string) {
    const runs = join(scratch, name);
    await train(spec, runs, atRow(5));
    return { runs, folder: join(runs, spec.name) };
  }

  async function undisturbed() {
    const runs = join(scratch, 'undisturbed');
    await train(spec, runs);
    return computed(join(runs, spec.name));
  }

  it.each([
    ['safetensors', (bytes: Buffer) => bytes.fill(7, bytes.length - 4), 'its SHA-256 is'],
    ['safetensors', (bytes: Buffer) => bytes.subarray(0, 100), 'its SHA-256 is'],
    ['json', (bytes: Buffer) => bytes.subarray(0, 20), 'its .json is no JSON'],
    [
      'json',
      (bytes: Buffer) => Buffer.from(String(bytes).replace('"resumed": 0', '"resumed": 1')),
      'SHA-256',
    ],
  ] as const)('is the checkpoint before one whose .%s is damaged', async (end, damage, why) => {
    const { runs, folder } = await leftOff(
      `damaged-${end}-${damage(Buffer.alloc(200)).length}-${why.length}`,
    );
    const path = join(folder, 'checkpoints', `step-000004.${end}`);
    writeFileSync(path, damage(readFileSync(path)));
    const events = await train(spec, runs);
    expect(events[0]).toMatchObject({ kind: 'started', from: 2 });
    const [notice] = events.filter((event) => event.kind === 'notice');
    expect(notice?.sentence).toContain(`step-000004 is damaged: `);
    expect(notice?.sentence).toContain(why);
    expect(computed(folder)).toEqual(await undisturbed());
  });

  it('stays, where only one is kept and a newer one is damaged', async () => {
    const runs = join(scratch, 'twice');
    const one = specOf('grpo', { keepCheckpoints: 1, set: { steps: 8 } });
    const checkpoints = join(runs, one.name, 'checkpoints');
    await train(one, runs, atRow(3));
    const before = readFileSync(join(checkpoints, 'step-000002.json'));
    const tensors = readFileSync(join(checkpoints, 'step-000002.safetensors'));
    await train(one, runs, atRow(5));
    writeFileSync(join(checkpoints, 'step-000002.json'), before);
    writeFileSync(join(checkpoints, 'step-000002.safetensors'), tensors);
    writeFileSync(join(checkpoints, 'step-000004.safetensors'), 'damaged');
    await train(one, runs, (event) => event.kind === 'started');
    expect(checkpointSteps(checkpoints)).toEqual([2]);
  });

  it('is one whose rows are there', async () => {
    const { runs, folder } = await leftOff('rows-lost');
    const path = join(folder, 'progress.csv');
    const [header, first, second, third] = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, `${[header, first, second].join('\n')}\n${third!.slice(0, 9)}`);
    const events = await train(spec, runs);
    expect(events[0]).toMatchObject({ kind: 'started', from: 2 });
    expect(computed(folder)).toEqual(await undisturbed());
  });

  it('is nothing where no checkpoint is whole', async () => {
    const { runs, folder } = await leftOff('nothing');
    for (const name of readdirSync(join(folder, 'checkpoints')))
      writeFileSync(join(folder, 'checkpoints', name), '');
    expect((await train(spec, runs))[0]).toMatchObject({ kind: 'started', from: 0 });
    expect(computed(folder)).toEqual(await undisturbed());
  });
});

it('keeps the newest checkpoints, and the best', async () => {
  const runs = join(scratch, 'few');
  const spec = specOf('grpo', { keepCheckpoints: 1, set: { steps: 12 } });
  const events = await train(spec, runs);
  const end = events.at(-1)!;
  if (end.kind !== 'ended') throw new Error('it has not ended');
  const rows = readRows(join(runs, spec.name));
  const evaluated = rows.filter(({ accuracy }) => accuracy !== null);
  const [best] = evaluated.sort(
    (a, b) => Number(b.accuracy) - Number(a.accuracy) || Number(b.reward) - Number(a.reward),
  );
  expect(end.summary.best_step).toBe(best!.global_step);
  const kept = [...new Set([Number(best!.global_step), 12])].sort((a, b) => a - b);
  expect(checkpointSteps(join(runs, spec.name, 'checkpoints'))).toEqual(kept);
});

it('is told as done when it is asked for again, and trains nothing', async () => {
  const runs = join(scratch, 'again');
  const spec = specOf('grpo', { set: { steps: 2 } });
  const first = await train(spec, runs);
  const second = await train(spec, runs);
  expect(second).toEqual([first.at(-1)]);
});

it('ends as failed where its numbers are not finite, and keeps its rows', async () => {
  const runs = join(scratch, 'not-finite');
  const spec = specOf('grpo', { set: { steps: 20, learningRate: 1e38, maxGradNorm: 'Infinity' } });
  const last = (await train(spec, runs)).at(-1)!;
  expect(last).toMatchObject({ kind: 'ended', summary: { status: 'failed' } });
  expect(last.kind === 'ended' && last.summary.reason).toMatch(/not finite/);
  expect(JSON.parse(readFileSync(join(runs, spec.name, 'summary.json'), 'utf8'))).toMatchObject({
    status: 'failed',
  });
});

it('refuses a folder of another config', async () => {
  const runs = join(scratch, 'other');
  const spec = specOf('grpo', { set: { steps: 2 } });
  await train(spec, runs);
  rmSync(join(runs, spec.name, 'summary.json'));
  const other = { ...spec, config: { ...spec.config, steps: 3 } };
  await expect(train(other, runs)).rejects.toThrow(/is of another config than corridor__grpo__1__/);
});

it('waits for its folder while another trains in it, and takes over the lock of a process that ended', async () => {
  const runs = join(scratch, 'locked');
  const spec = specOf('grpo', { set: { steps: 2 } });
  const order: string[] = [];
  const first = train(spec, runs, () => order.push('first') > 1e9);
  const second = train(spec, runs).then(() => order.push('second'));
  await Promise.all([first, second]);
  expect(order.at(-1)).toBe('second');
  expect(order.filter((who) => who === 'second')).toHaveLength(1);

  const left = join(scratch, 'left-locked');
  cpSync(join(runs, spec.name), join(left, spec.name), { recursive: true });
  rmSync(join(left, spec.name, 'summary.json'));
  const lock = { pid: 2 ** 22 + 1, born: '1', host: (await import('node:os')).hostname() };
  writeFileSync(join(left, spec.name, '.lock'), JSON.stringify(lock));
  expect((await train(spec, left)).at(-1)).toMatchObject({ kind: 'ended' });
});

it('leaves no tensor behind', async () => {
  const spec = specOf('ppo', { set: { steps: 2 } });
  const task = mazeExperiment({ name: 'corridor', file: 'data/mazes/corridor.txt', reference: 'start' });
  await train(spec, join(scratch, 'tensors-0'), () => false, task);
  const { numTensors } = tf.memory();
  await train(spec, join(scratch, 'tensors-1'), () => false, task);
  expect(tf.memory().numTensors).toBe(numTensors);
});

it('clears away what a killed process left of a checkpoint', async () => {
  const runs = join(scratch, 'left-over');
  const spec = specOf('grpo', { keepCheckpoints: 1 });
  await train(spec, runs, atRow(5));
  const checkpoints = join(runs, spec.name, 'checkpoints');
  for (const name of ['step-000003.safetensors', 'step-000006.safetensors.123']) {
    writeFileSync(join(checkpoints, name), 'half');
  }
  await train(spec, runs);
  const steps = checkpointSteps(checkpoints);
  expect(readdirSync(checkpoints)).toHaveLength(2 * steps.length);
});
