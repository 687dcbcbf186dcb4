import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

const command = join('lib', 'workspace', 'lab.mjs');
const fixtures = join('test', 'endToEnd', 'notebooks');

interface Outcome {
  readonly status: number | null;
  readonly text: string;
}

function start(args: readonly string[], env: Record<string, string>): ChildProcess {
  return spawn('node', [command, 'reproduce', ...args], {
    env: { ...process.env, LAB_NOTEBOOKS: fixtures, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function outcome(child: ChildProcess): Promise<Outcome> {
  let text = '';
  child.stdout?.on('data', (data) => (text += data));
  child.stderr?.on('data', (data) => (text += data));
  const [status] = await once(child, 'close');
  return { status, text };
}

const reproduce = (args: readonly string[], env: Record<string, string>) => outcome(start(args, env));

let out: string;
const makeFolder = () => fs.mkdtempSync(join(tmpdir(), 'reproduce-'));
const removeFolder = () => fs.rmSync(out, { recursive: true });
const read = (...path: string[]) => fs.readFileSync(join(out, ...path), 'utf8');

describe('a run of several notebooks', () => {
  let result: Outcome;
  beforeAll(async () => {
    out = makeFolder();
    const names = ['succeeds', 'throws', 'rejects-late', 'dies'];
    result = await reproduce([...names, '--seed', '3', '--set', 'discount=0.5'], { LAB_RESULTS: out });
  });
  afterAll(removeFolder);

  it('goes on after an error, and exits 1', () => {
    expect(result.status).toBe(1);
    const statuses = result.text.match(/^0\d\S* .*(ok|failed)$/gm)?.map((row) => row.split(/ +/));
    expect(
      statuses?.map(([name, cells, , , figures, csvs, status]) => [name, cells, figures, csvs, status]),
    ).toEqual([
      ['01-succeeds', '3/3', '1', '1', 'ok'],
      ['02-throws', '3/4', '0', '0', 'failed'],
      ['03-rejects-late', '1/1', '0', '0', 'failed'],
      ['05-dies', '2/2', '0', '0', 'failed'],
    ]);
  });

  it('names notebook, cell, heading, source line and message of an error', () => {
    expect(result.text).toContain(
      '02-throws: cell 3 ("The wrong step") failed:\n    RangeError: the value is beyond its limit\n',
    );
    expect(result.text).toContain("3 |   throw new RangeError('the value is beyond its limit');");
  });

  it('counts an unhandled rejection against the cell that it comes from', () => {
    expect(result.text).toMatch(
      /03-rejects-late: cell 1 .* failed after it had ended:\n {4}Error: nobody waits for this/,
    );
    const [, cell] = JSON.parse(read('03-rejects-late', '03-rejects-late.ipynb')).cells;
    expect(cell.outputs.at(-1)).toMatchObject({ output_type: 'error', evalue: 'nobody waits for this' });
  });

  it('tells how a kernel died, with its last words', () => {
    expect(result.text).toContain(
      '05-dies: its kernel died in cell 2 (SIGKILL); its last words:\n    out of something',
    );
  });

  it('passes the parameters on', () => {
    expect(read('01-succeeds', '01-succeeds.ipynb')).toContain('quick false, seed 3, discount 0.5');
    expect(read('01-succeeds', 'values.csv')).toBe('step,value\n0,0\n1,3\n2,6\n');
  });

  it('keeps a notebook up to its error, without outputs of cells that were not reached', () => {
    const { cells } = JSON.parse(read('02-throws', '02-throws.ipynb'));
    const outputs = cells.flatMap((cell: { outputs?: { output_type: string }[] }) => cell.outputs ?? []);
    expect(outputs.map(({ output_type }: { output_type: string }) => output_type)).toEqual([
      'stream',
      'error',
    ]);
  });

  it('writes pages that show the figure and link to the CSV without a network', () => {
    const page = read('01-succeeds', '01-succeeds.html');
    expect(page).toContain('src="data:image/png;base64,iVBOR');
    expect(page).toContain('href="values.csv"');
    expect(page).not.toMatch(/<script src/);
    const report = read('index.html');
    expect(report).toContain('src="data:image/png;base64,iVBOR');
    expect(report).toContain('href="01-succeeds/values.csv"');
    expect(report).toContain('the value is beyond its limit');
    expect(report).not.toMatch(/(src|href)="http/);
  });

  it('leaves nothing else behind', () => {
    expect(fs.readdirSync(out).sort()).toEqual([
      '01-succeeds',
      '02-throws',
      '03-rejects-late',
      '05-dies',
      'index.html',
    ]);
    expect(read('01-succeeds', '01-succeeds.ipynb')).not.toContain('.running');
  });
});

describe('writing back', () => {
  let notebooks: string;
  beforeEach(() => {
    out = makeFolder();
    notebooks = join(out, 'notebooks');
    fs.cpSync(fixtures, notebooks, { recursive: true });
  });
  afterEach(removeFolder);

  it('gives the same bytes twice, and refuses paths of this machine', async () => {
    const results = join(out, 'results');
    const untouched = read('notebooks', '06-names-a-folder.ipynb');
    const run = (...names: string[]) =>
      reproduce([...names, '--write'], { LAB_NOTEBOOKS: notebooks, LAB_RESULTS: results });
    const written = () => [
      read('notebooks', '01-succeeds.ipynb'),
      read('results', '01-succeeds', 'values.csv'),
    ];

    expect((await run('succeeds')).status).toBe(0);
    const first = written();
    expect(first[0]).toContain('seed 1, discount 0.9');
    expect(first[0]).not.toMatch(/"execution_count": \d/);

    const { status, text } = await run('succeeds', 'names-a-folder');
    expect(written()).toEqual(first);
    expect(status).toBe(1);
    expect(text).toContain(
      `06-names-a-folder: not written back: the output of cell 2 names ${process.cwd()}, a folder of this machine.`,
    );
    expect(read('notebooks', '06-names-a-folder.ipynb')).toBe(untouched);
  });
});

describe('a run that is stopped', () => {
  beforeEach(() => {
    out = makeFolder();
    fs.mkdirSync(join(out, '04-never-ends'));
    fs.writeFileSync(join(out, '04-never-ends', 'table.csv'), 'of an earlier run');
  });
  afterEach(removeFolder);

  /** Starts the notebook that never ends; its kernel's process is running a cell. */
  async function startEndless() {
    const child = start(['never-ends', '--out', out], {});
    const folder = join(out, `.running-${child.pid}`, '0');
    const kernel = await vi.waitFor(
      () => {
        const pid = fs.readFileSync(join(folder, 'kernel.pid'), 'utf8');
        expect(pid).not.toBe('');
        return Number(pid);
      },
      { timeout: 30_000, interval: 50 },
    );
    return { child, kernel };
  }

  const isAlive = (pid: number) =>
    spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim() !== '';
  const drivers = () =>
    spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
      .stdout.split('\n')
      .filter((args) => args.includes(out));

  const expectNothingRuns = (kernel: number) =>
    vi.waitFor(
      () => {
        expect(isAlive(kernel)).toBe(false);
        expect(drivers()).toEqual([]);
      },
      { timeout: 10_000, interval: 50 },
    );

  it.each(['SIGINT', 'SIGTERM'] as const)('by %s ends its kernels and changes nothing', async (signal) => {
    const { child, kernel } = await startEndless();
    const ended = outcome(child);
    child.kill(signal);
    const { status, text } = await ended;
    expect(status).toBe(130);
    expect(text.trimEnd().split('\n').at(-1)).toMatch(/^Stopped: /);
    await expectNothingRuns(kernel);
    expect(fs.readdirSync(out)).toEqual(['04-never-ends']);
    expect(read('04-never-ends', 'table.csv')).toBe('of an earlier run');
  });

  it('by kill -9 leaves no kernel, and the next run clears the rest away', async () => {
    const { child, kernel } = await startEndless();
    child.kill('SIGKILL');
    await expectNothingRuns(kernel);
    expect(read('04-never-ends', 'table.csv')).toBe('of an earlier run');
    const { status } = await reproduce(['succeeds', '--out', out], {});
    expect(status).toBe(0);
    expect(fs.readdirSync(out).sort()).toEqual(['01-succeeds', '04-never-ends', 'index.html']);
  });

  it('by kill -9 of the driver tells so', async () => {
    const { child, kernel } = await startEndless();
    const ended = outcome(child);
    const [pid] = spawnSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
      .stdout.split('\n')
      .filter((line) => line.includes('execute.py') && line.includes(out))
      .map((line) => Number.parseInt(line, 10));
    process.kill(pid ?? Number.NaN, 'SIGKILL');
    const { status, text } = await ended;
    expect(status).toBe(1);
    expect(text).toContain('04-never-ends: its kernel died in cell 1 (the driver ended with SIGKILL)');
    await expectNothingRuns(kernel);
  });
});

it('a wrong command line gives one sentence and exit status 2', async () => {
  const { status, text } = await reproduce(['suceeds'], {});
  expect(status).toBe(2);
  expect(text).toMatch(/^There is no notebook "suceeds"; the nearest names are 01-succeeds, [^\n]*\.\n$/);
});
