import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeClone, processesIn, startCommand } from './clone';

let clone: string;
let cache: string;
let tools: string;

/** A PATH that holds these programs of the present one and no others. */
function pathWith(...programs: string[]): string {
  const folder = join(tools, programs.join('+'));
  mkdirSync(folder, { recursive: true });
  for (const program of programs) {
    const found = process.env.PATH?.split(':').find((entry) => existsSync(join(entry, program)));
    if (found && !existsSync(join(folder, program))) symlinkSync(join(found, program), join(folder, program));
  }
  return folder;
}

const run = (args: string[], env: Record<string, string> = {}) =>
  startCommand(clone, args, { LAB_CACHE: cache, LAB_ENGINE: '', ...env }).ended;

beforeAll(() => {
  clone = makeClone();
  cache = mkdtempSync(join(tmpdir(), 'lab-cache-'));
  tools = mkdtempSync(join(tmpdir(), 'lab-tools-'));
});

afterAll(() => {
  for (const folder of [clone, cache, tools]) rmSync(folder, { recursive: true, force: true });
});

describe('what set-up cannot do without is said in one sentence, before any work', () => {
  const oneSentence = (text: string) => new RegExp(`^${text}[^\\n]*\\.\\n$`);

  it('no Python', async () => {
    const { status, output } = await run(['reproduce'], { PATH: pathWith('node', 'npm', 'sh') });
    expect(output).toMatch(oneSentence('No Python was found on PATH'));
    expect(status).toBe(1);
  });

  it.each([
    ['too old', '3 9 18 True', 'Python 3.9.18 \\(.+/python3\\) is too old'],
    ['without venv', '3 12 1 False', 'Python 3.12.1 \\(.+/python3\\) has no venv module'],
  ])('a Python that is %s', async (_name, answer, sentence) => {
    const folder = join(tools, answer);
    mkdirSync(folder);
    writeFileSync(join(folder, 'python3'), `#!/bin/sh\necho ${answer}\n`, { mode: 0o755 });
    const PATH = `${folder}:${pathWith('node', 'npm', 'sh')}`;
    const { status, output } = await run(['reproduce'], { PATH });
    expect(output).toMatch(oneSentence(sentence));
    expect(status).toBe(1);
  });

  it('a Python that is named and not there', async () => {
    const { status, output } = await run(['test'], { LAB_PYTHON: '/nowhere/python3' });
    expect(output).toMatch(oneSentence('LAB_PYTHON names /nowhere/python3, which is not there'));
    expect(status).toBe(1);
  });

  it('a Node that is too new', async () => {
    const fake = join(tools, 'node23.cjs');
    writeFileSync(fake, "Object.defineProperty(process.versions, 'node', { value: '23.1.0' });\n");
    const { status, output } = await run(['start'], { NODE_OPTIONS: `--require ${fake}` });
    expect(output).toMatch(oneSentence('Node 23.1.0 is too new'));
    expect(status).toBe(1);
  });

  it('a registry out of reach', async () => {
    const { status, output } = await run(['setup'], {
      npm_config_registry: 'http://127.0.0.1:9',
      npm_config_cache: join(tools, 'empty-npm-cache'),
      npm_config_fetch_retries: '0',
    });
    expect(output).toMatch(oneSentence('The package registry is out of reach \\(npm packages\\)'));
    expect(status).toBe(1);
    expect(existsSync(join(clone, 'node_modules', '.complete'))).toBe(false);
  });
});

describe('set-up from nothing', () => {
  it('is killed in every step, goes on, and leaves one whole set-up and no process', async () => {
    const moments: [string, number][] = [
      ['', 3000],
      ['set-up: npm packages', 4000],
      ['set-up: Jupyter settings', 1500],
    ];
    for (const [text, delay] of moments) {
      const { child, ended, printed } = startCommand(clone, ['setup'], { LAB_CACHE: cache, LAB_ENGINE: '' });
      await printed(text);
      await sleep(delay);
      child.kill('SIGKILL');
      expect((await ended).status).toBe(null);
    }
    const { status, output } = await run(['setup']);
    expect(output).toMatch(/set-up: native engine +\d/);
    expect(status).toBe(0);
    expect(processesIn(clone).concat(processesIn(cache))).toEqual([]);
    expect(readdirSync(cache).filter((name) => name.includes('lock'))).toEqual([]);
  });

  it('has nothing to do the second time', async () => {
    expect(await run(['setup'])).toEqual({ status: 0, output: '' });
  });

  it('runs the native engine', async () => {
    const { output } = await run(['doctor']);
    expect(output).toMatch(/^engine +native \(TensorFlow 2\.\d+\.\d+\)$/m);
    expect(output).toMatch(/^missing +(nothing|Chromium)/m);
  });

  it('goes on without a compiler, on wasm, and says so once', async () => {
    for (const name of readdirSync(cache))
      if (name.startsWith('addon-')) rmSync(join(cache, name), { recursive: true });
    rmSync(join(clone, 'node_modules/@tensorflow/tfjs-node-gpu/lib'), { recursive: true });
    const { status, output } = await run(['setup'], { CXX: 'no-such-compiler' });
    expect(output).toMatch(
      /^set-up: no native engine, all runs on wasm, [^\n]*no C\+\+ compiler was found \(no-such-compiler[^\n]*\n$/,
    );
    expect(status).toBe(0);
    expect((await run(['doctor'], { CXX: 'no-such-compiler' })).output).toMatch(/^engine +wasm/m);
  });

  it('installs the kernelspec of this clone', () => {
    const installed = join(clone, '.venv/share/jupyter/kernels/tslab-workspace/kernel.json');
    expect(readFileSync(installed)).toEqual(
      readFileSync('lib/workspace/jupyter/kernels/tslab-workspace/kernel.json'),
    );
  });
});
