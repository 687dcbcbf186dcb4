import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../../lib/workspace/environment.mjs';

const kernel = join(root, 'lib', 'workspace', 'kernel');
let project: string;
let cache: string;

beforeAll(() => {
  project = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'compile-cache-')));
  fs.mkdirSync(join(project, 'lib'));
  fs.symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'));
});

afterAll(() => {
  fs.rmSync(project, { recursive: true });
});

beforeEach(() => {
  cache = fs.mkdtempSync(join(tmpdir(), 'compile-cache-entries-'));
  writeLib('one.ts', "import { two } from './two';\nexport const one: number = two - 1;\n");
  writeLib('two.ts', 'export const two = 2;\n');
});

afterEach(() => {
  fs.rmSync(cache, { recursive: true, force: true });
});

function writeLib(name: string, source: string): void {
  fs.writeFileSync(join(project, 'lib', name), source);
}

/** A process as the kernel's, which prints as JSON what `body` returns; `used` says whether TypeScript was loaded. */
function script(body: string): string[] {
  return [
    '-e',
    `const { keepIn, recall, remember, digest } = require('${kernel}/diskCache.cjs');
    keepIn('${cache}');
    const used = () => Object.keys(require.cache).some((path) => path.endsWith('lib/typescript.js'));
    const { execute } = require('${kernel}/execute.cjs');
    const cell = (source) => execute(source, { name: 'cell [1]', source }).then(
      (value) => ({ value, used: used() }),
      (error) => ({ error: error.errors?.map(({ message }) => message) ?? error.stack, used: used() }));
    (async () => ${body})().then((value) => console.log(JSON.stringify(value)));`,
  ];
}

function output({ stdout, stderr }: SpawnSyncReturns<string>) {
  if (stderr) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** What `body` returns in a new process. */
const inProcess = (body: string) =>
  output(spawnSync(process.execPath, script(body), { cwd: project, encoding: 'utf8' }));

const importOne = "import { one } from './lib/one'; const seen = { one }; seen.one";
/** A new kernel runs cells, one after the other. */
const run = (...sources: string[]) =>
  inProcess(
    `{ const results = []; for (const source of ${JSON.stringify(sources)}) results.push(await cell(source)); return results; }`,
  );

const entries = () => fs.readdirSync(cache).map((name) => join(cache, name));

describe('a cell that was compiled before', () => {
  it('runs without TypeScript, with the same results', () => {
    const sources = [importOne, 'const next = seen.one + 1; next', 'await Promise.resolve(next + one)'];
    const values = [1, 2, 3];
    expect(run(...sources)).toEqual(values.map((value) => ({ value, used: true })));
    expect(run(...sources)).toEqual(values.map((value) => ({ value, used: false })));
  });

  it('is compiled anew when a cell before it declares other types', () => {
    run('const a: number = 1', 'a.toFixed(1)');
    expect(run('const a: string = "x"', 'a.toFixed(1)')[1].error).toEqual([
      "Property 'toFixed' does not exist on type 'string'. Did you mean 'fixed'?",
    ]);
  });

  it('names the place of an error in its source', () => {
    const source = 'interface Unused {}\nconst wrong = 1;\nconst shown = { wrong }; throw new Error("told");';
    const [first] = run(source);
    const [second] = run(source);
    expect(first.error).toContain('cell [1]:3:32');
    expect(second).toEqual({ ...first, used: false });
  });

  it('shows its errors of TypeScript again', () => {
    const wrong = 'const n: number = "text";';
    const errors = ["Type 'string' is not assignable to type 'number'."];
    expect(run(wrong)[0].error).toEqual(errors);
    expect(run(wrong)[0].error).toEqual(errors);
  });
});

describe('an edited lib file', () => {
  it.each([
    ['that the cell imports', 'one.ts', 'export const one: number = 10;\n'],
    ['that another imports', 'two.ts', 'export const two = 11;\n'],
  ])('counts in the next kernel: one %s', (_, name, source) => {
    expect(run(importOne)[0].value).toBe(1);
    writeLib(name, source);
    expect(run(importOne)[0]).toEqual({ value: 10, used: true });
  });

  it('counts where the cell that imports it was run before in the same kernel', () => {
    const edit = "require('node:fs').writeFileSync('lib/two.ts', 'export const two = 11;');";
    run(importOne);
    expect(run(importOne, edit, importOne)).toMatchObject([{ value: 1 }, {}, { value: 10 }]);
  });

  it('is checked with its new types, and so is what imports it', () => {
    run(importOne);
    writeLib('two.ts', "export const two = 'text';\n");
    expect(run(importOne)[0].error).toEqual([
      "The left-hand side of an arithmetic operation must be of type 'any', 'number', 'bigint' or an enum type.",
    ]);
    writeLib('two.ts', 'export const two = 2;\n');
    expect(run(importOne)[0].value).toBe(1);
  });

  it('keeps its error when a cell without one has imported another file', () => {
    writeLib('wrong.ts', 'export const a = 1;\nexport const b: string = a;\n');
    const importBoth = "import { b } from './lib/wrong'; import { one } from './lib/one'; b";
    const errors = ["Type 'number' is not assignable to type 'string'."];
    expect(run(importBoth)[0].error).toEqual(errors);
    expect(run(importOne)[0].value).toBe(1);
    expect(run(`${importBoth};`)[0].error).toEqual(errors);
  });

  it('is not hidden by a file that is made later and found first', () => {
    fs.mkdirSync(join(project, 'lib', 'three'), { recursive: true });
    writeLib('three/index.ts', 'export const three = 3;\n');
    const importThree = "import { three } from './lib/three'; three";
    expect(run(importThree)[0].value).toBe(3);
    writeLib('three.ts', "export const three = 'three';\n");
    expect(run(importThree)[0].value).toBe('three');
    expect(run(`${importThree}.toFixed(0)`)[0].error).toHaveLength(1);
    fs.rmSync(join(project, 'lib', 'three.ts'));
  });
});

describe('a damaged entry', () => {
  it.each([
    ['cut off', (text: string) => text.slice(0, -5)],
    ['altered', (text: string) => text.replace(/\d(?=\D*$)/, '7').replace('one', 'two')],
  ])('is ignored and made again: one that is %s', (_, damage) => {
    run(importOne);
    const whole = entries().map((path) => fs.readFileSync(path, 'utf8'));
    expect(whole.length).toBeGreaterThanOrEqual(3);
    for (const path of entries()) fs.writeFileSync(path, damage(fs.readFileSync(path, 'utf8')));
    expect(run(importOne)[0]).toEqual({ value: 1, used: true });
    expect(entries().map((path) => fs.readFileSync(path, 'utf8'))).toEqual(whole);
    expect(run(importOne)[0]).toEqual({ value: 1, used: false });
  });

  it('is no obstacle where nothing can be kept', () => {
    fs.rmSync(cache, { recursive: true });
    fs.writeFileSync(cache, 'a file in the place of the folder');
    expect(run(importOne)[0].value).toBe(1);
    expect(run(importOne)[0].value).toBe(1);
  });
});

describe('the folder', () => {
  it('holds whole entries while processes write the same ones at once', async () => {
    const write = (letter: string) => `{
      let broken = 0;
      for (let i = 0; i < 300; i++) {
        remember('same', { text: '${letter}'.repeat(i % 2 ? 100000 : 10), letter: '${letter}' });
        const { text, letter } = recall('same') ?? {};
        if (!text || text !== letter.repeat(text.length)) broken += 1;
      }
      return broken;
    }`;
    const writers = ['a', 'b'].map(async (letter) => {
      const child = spawn(process.execPath, script(write(letter)), { cwd: project });
      const [[data]] = await Promise.all([once(child.stdout, 'data'), once(child, 'exit')]);
      return Number(data);
    });
    expect(await Promise.all(writers)).toEqual([0, 0]);
    expect(fs.readdirSync(cache)).toEqual(['same']);
  });

  it('loses what nobody has read for a month', () => {
    inProcess("{ for (const key of ['old', 'used', 'read']) remember(key, 1); return 0; }");
    const monthAgo = Date.now() / 1000 - 31 * 24 * 3600;
    for (const key of ['old', 'read']) fs.utimesSync(join(cache, key), monthAgo, monthAgo);
    inProcess("{ recall('read'); remember('new', 1); return 0; }");
    expect(fs.readdirSync(cache).sort()).toEqual(['new', 'read', 'used']);
  });
});
