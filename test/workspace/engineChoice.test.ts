import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const hook = resolve('lib/workspace/typescriptModules.cjs');
const tensorflow = JSON.stringify(resolve('lib/engine/tensorflow'));
const describeEngine = `const { engine, ready } = require(${tensorflow}); ready.then(() => console.log(JSON.stringify(engine)));`;

/** Runs code in a process of its own, since the engine is chosen once a process. */
function run(code: string, env: Record<string, string>, cwd = process.cwd()) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', hook, '--eval', code], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, LAB_ENGINE: '', LAB_THREADS: '', ...env },
  });
  return { status, stdout, stderr };
}

describe('the choice of the engine', () => {
  it('is native, silent, on one thread', () => {
    const { stdout, stderr } = run(describeEngine, {});
    expect(JSON.parse(stdout)).toMatchObject({ name: 'native', threads: 1, reason: '' });
    expect(stderr).toBe('');
  });

  it.each(['wasm', 'cpu'])('is %s where LAB_ENGINE asks for it, silent as well', (name) => {
    const { stdout, stderr } = run(describeEngine, { LAB_ENGINE: name });
    expect(JSON.parse(stdout)).toMatchObject({ name, reason: 'LAB_ENGINE asks for it' });
    expect(stderr).toBe('');
  });

  it('takes the number of threads from LAB_THREADS', () => {
    expect(JSON.parse(run(describeEngine, { LAB_THREADS: '2' }).stdout).threads).toBe(2);
  });

  it.each([
    [{ LAB_ENGINE: 'gpu' }, 'LAB_ENGINE is "gpu"; expected one of native, wasm, cpu.'],
    [{ LAB_THREADS: 'many' }, 'LAB_THREADS is "many"; expected a whole number of at least 1.'],
    [{ LAB_THREADS: '0' }, 'LAB_THREADS is "0"; expected a whole number of at least 1.'],
  ])('refuses %j', (env, sentence) => {
    const { status, stderr } = run(describeEngine, env);
    expect(status).not.toBe(0);
    expect(stderr).toContain(sentence);
  });

  it('refuses an operation before wasm is ready, rather than run it elsewhere', () => {
    const { status, stderr } = run(`const { tf } = require(${tensorflow}); tf.add(1, 2);`, {
      LAB_ENGINE: 'wasm',
    });
    expect(status).not.toBe(0);
    expect(stderr).toContain('await tf.ready()');
  });
});

describe('without the native addon', () => {
  let project: string;

  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), 'lab-no-addon-'));
    writeFileSync(join(project, 'package.json'), '{}');
    mkdirSync(join(project, 'node_modules', '@tensorflow', 'tfjs-node-gpu'), { recursive: true });
    const wasm = join('node_modules', '@tensorflow', 'tfjs-backend-wasm');
    symlinkSync(resolve(wasm), join(project, wasm));
  });

  afterAll(() => rmSync(project, { recursive: true }));

  it('wasm runs, and says why', () => {
    const engine = JSON.parse(run(describeEngine, {}, project).stdout);
    expect(engine.name).toBe('wasm');
    expect(engine.reason).toMatch(/the native engine did not load .*`npm run doctor` says how to mend it/);
  });

  it('and where wasm does not start either, pure JavaScript', () => {
    const noWebAssembly = 'WebAssembly.instantiate = () => Promise.reject(new Error("no WebAssembly here"));';
    const engine = JSON.parse(run(noWebAssembly + describeEngine, {}, project).stdout);
    expect(engine.name).toBe('cpu');
    expect(engine.reason).toContain('and wasm did not start');
  });

  it('LAB_ENGINE=native is refused', () => {
    const { status, stderr } = run(describeEngine, { LAB_ENGINE: 'native' }, project);
    expect(status).not.toBe(0);
    expect(stderr).toContain('LAB_ENGINE is "native", but the native engine did not load');
  });
});
