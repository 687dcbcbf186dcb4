import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelName, pythonPath, root } from '../../lib/workspace/environment.mjs';

interface Message {
  type: string;
  parent: string;
  content: Record<string, unknown> & { name?: string; text?: string };
}

interface Reply {
  status: string;
  execution_count: number;
  ename?: string;
  evalue?: string;
  traceback?: string[];
  late_errors?: { msg_id: string; ename: string; evalue: string }[];
  [field: string]: unknown;
}

interface Answer {
  ids: string[];
  replies: Reply[];
  messages: Message[];
}

const launcher = join(root, 'lib', 'workspace', 'jupyter', 'kernels', 'tslab-workspace');
let folder: string;
let project: string;
let client: ChildProcess;
let answers: AsyncIterator<string>;

/** A project of its own around the kernel: it has the packages, and the few lib files that the tests edit. */
function makeProject(): void {
  folder = fs.mkdtempSync(join(tmpdir(), 'kernel-test-'));
  project = join(folder, 'project');
  fs.mkdirSync(join(project, 'lib'), { recursive: true });
  fs.mkdirSync(join(project, 'notebooks'));
  fs.symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'));
  fs.symlinkSync(join(root, 'lib', 'workspace'), join(project, 'lib', 'workspace'));
  fs.copyFileSync(join(root, 'lib', 'engine', 'interrupt.ts'), join(project, 'lib', 'interrupt.ts'));
  fs.cpSync(launcher, join(folder, 'jupyter', 'kernels', kernelName), { recursive: true });
}

/** Every cell is compiled here: what other kernels kept is out of reach. */
function kernelEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, JUPYTER_PATH: join(folder, 'jupyter'), LAB_CACHE: join(folder, 'cache') };
}

function writeLib(name: string, source: string): void {
  fs.writeFileSync(join(project, 'lib', name), source);
}

async function command(content: object): Promise<Answer> {
  client.stdin?.write(`${JSON.stringify(content)}\n`);
  const { value, done } = await answers.next();
  if (done) throw new Error('The client of the kernel ended.');
  return JSON.parse(value);
}

/** Sends cells at once, as Run All does. */
function runAll(sources: string[], interruptAt?: string): Promise<Answer> {
  const requests = sources.map((code) => ({ type: 'execute_request', content: { code, silent: false } }));
  return command({ requests, interruptAt });
}

async function run(source: string, interruptAt?: string) {
  const { ids, replies, messages } = await runAll([source], interruptAt);
  const [id = ''] = ids;
  const [reply] = replies;
  if (!reply) throw new Error(`No reply to ${source}`);
  return { id, reply, messages, ...outputsOf(messages, id) };
}

async function ask(type: string, content: object): Promise<Reply> {
  const { replies } = await command({ requests: [{ type, content }] });
  if (!replies[0]) throw new Error(`No reply to ${type}`);
  return replies[0];
}

function outputsOf(messages: Message[], id: string) {
  const own = messages.filter(({ parent }) => parent === id);
  const streams = own.filter(({ type }) => type === 'stream').map(({ content }) => content);
  const text = streams.map((content) => content.text).join('');
  const result = own.find(({ type }) => type === 'execute_result')?.content.data as
    | Record<string, string>
    | undefined;
  return {
    streams,
    text,
    result: result?.['text/plain'],
    errors: own.filter(({ type }) => type === 'error'),
  };
}

beforeAll(async () => {
  makeProject();
  client = spawn(
    pythonPath,
    [join(root, 'test', 'workspace', 'kernelClient.py'), join(project, 'notebooks')],
    { env: kernelEnvironment(), stdio: ['pipe', 'pipe', 'inherit'] },
  );
  if (!client.stdout) throw new Error('The client of the kernel has no output.');
  answers = createInterface(client.stdout)[Symbol.asyncIterator]();
  await run('0');
});

afterAll(async () => {
  client.stdin?.end();
  if (client.exitCode === null) await once(client, 'exit');
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('a cell', () => {
  it('shows its last expression, and runs at the root of the project', async () => {
    expect((await run('const one: number = 1;\none + 1')).result).toBe('2');
    expect((await run('process.cwd()')).result).toBe(fs.realpathSync(project));
    expect((await run('const text = "no expression";')).result).toBeUndefined();
    expect((await run('')).reply.status).toBe('ok');
  });

  it('declares again what an earlier cell declared, with another type', async () => {
    await run('const x: number = 1; function twice(n: number) { return 2 * n; }');
    expect((await run('const before = x + 1;\nconst x = "text";')).reply.status).toBe('error');
    await run('const x = "text"; class twice { y = 3 }');
    expect((await run('x.toUpperCase() + new twice().y')).result).toBe('TEXT3');
  });

  it('awaits at its top level, in expressions and in loops', async () => {
    const { text, result } = await run(`
      async function* rows() { try { for (let i = 0; ; i++) yield i; } finally { console.log('closed'); } }
      steps: for await (const row of rows()) {
        if (row === 1) continue;
        if (row === 3) break steps;
        console.log(row, await Promise.resolve('waited'));
      }
      let failed = '';
      try { await Promise.reject(new Error('refused')); } catch (error) { failed = error.message; }
      const nested = async () => [await (3), await 4];
      await Promise.all([nested(), await (1) + await 2, failed])`);
    expect(text).toBe('0 waited\n2 waited\nclosed\n');
    expect(result).toBe("[ [ 3, 4 ], 3, 'refused' ]");
  });

  it('takes variables of earlier cells in short form, in a literal, an assignment and under a parameter', async () => {
    await run('const reward = 1; let mean = 2; const nested = { reward };');
    const { text } = await run(`
      const named = { reward, mean, inner: { nested } };
      let step = 0;
      ({ step, mean = 5 } = { step: 7 });
      console.log(JSON.stringify([named, step, mean, ((reward) => ({ reward }))('own')]));`);
    expect(JSON.parse(text)).toEqual([
      { reward: 1, mean: 2, inner: { nested: { reward: 1 } } },
      7,
      5,
      { reward: 'own' },
    ]);
    const { reply } = await run("const again = { reward, mean }; const n: number = 'text';");
    expect(reply.evalue).toContain(`:1:39 Type 'string' is not assignable to type 'number'.`);
    const failed = await run("const both = { reward, mean }; throw new Error('after');");
    expect(failed.reply.traceback).toContain(`  at cell [${failed.reply.execution_count}]:1:38`);
  });

  it('is counted unless it is not to be kept', async () => {
    const { reply } = await run('1');
    const quiet = await ask('execute_request', { code: 'const quiet = 1; quiet', silent: true });
    const kept = await ask('execute_request', { code: 'quiet', silent: false, store_history: false });
    expect([quiet.execution_count, kept.execution_count]).toEqual([
      reply.execution_count,
      reply.execution_count,
    ]);
    expect((await run('quiet')).reply.execution_count).toBe(reply.execution_count + 1);
  });
});

describe('output', () => {
  it('brings 50,000 lines in order in few messages', async () => {
    const { text, streams } = await run('for (let i = 0; i < 50000; i++) console.log(i);');
    expect(text).toBe(Array.from({ length: 50_000 }, (_, i) => `${i}\n`).join(''));
    expect(streams.length).toBeLessThan(500);
  });

  it('brings every display of a cell that never pauses', async () => {
    const { id, messages } = await run(
      "for (let i = 0; i < 3000; i++) require('tslab').display.text(String(i));",
    );
    const displays = messages.filter(({ parent, type }) => parent === id && type === 'display_data');
    expect(displays).toHaveLength(3000);
  });

  it('keeps the order of printing, errors and displays', async () => {
    const { id, messages } = await run(`
      console.log('a'); console.log('b'); console.error('c');
      require('tslab').display.html('<i>d</i>');
      console.log('e');`);
    const own = messages.filter(({ parent, type }) => parent === id && /stream|display_data/.test(type));
    const texts = own.map(({ type, content }) => [type, content.name, content.text]);
    const merged = texts.map(([type, name, text]) => `${type} ${name ?? ''} ${text ?? ''}`).join('|');
    expect(merged).toMatch(
      /^stream stdout a\n(\|stream stdout )?b\n\|stream stderr c\n\|display_data {2}\|stream stdout e\n$/,
    );
  });

  it('belongs to the cell whose code wrote it, also when that has ended', async () => {
    const first = await run(
      'let wrote: Promise<void> = new Promise((done) => setTimeout(() => { console.log("late"); done(); }, 100));',
    );
    const second = await run('await wrote; console.log("second");');
    expect(second.text).toBe('second\n');
    expect(outputsOf(second.messages, first.id).text).toBe('late\n');
  });

  it('tells who writes to a stream when it is written', async () => {
    const { result } = await run(
      "await new Promise((done) => process.stdout.write('x', () => done('written')))",
    );
    expect(result).toBe('written');
  });
});

describe('an error', () => {
  it('is shown with its cell and line, and the variables before it stay', async () => {
    const failed = await run(
      'interface Unused {}\n\nfunction check(n: number) {\n  throw new RangeError("bad " + n);\n}\nconst kept = 3;\n\ncheck(kept);',
    );
    const { status, ename, evalue, traceback, execution_count } = failed.reply;
    expect({ status, ename, evalue }).toEqual({ status: 'error', ename: 'RangeError', evalue: 'bad 3' });
    const cell = `cell [${execution_count}]`;
    expect(traceback).toEqual([
      'RangeError: bad 3',
      `  at check (${cell}:4:9)`,
      '    4 |   throw new RangeError("bad " + n);',
      `  at ${cell}:8:1`,
      '    8 | check(kept);',
    ]);
    expect(failed.errors.map(({ content }) => content)).toEqual([{ ename, evalue, traceback }]);
    expect((await run('kept')).result).toBe('3');
  });

  it('names the line of a lib file, and its cause', async () => {
    writeLib(
      'thrower.ts',
      'type A = number;\n\nexport function fail(a: A): never {\n  throw new Error("inside", { cause: new TypeError("why") });\n}\n',
    );
    const { reply } = await run("import { fail } from './lib/thrower';\nfail(1);");
    expect(reply.traceback?.slice(0, 4)).toEqual([
      'Error: inside',
      '  at fail (lib/thrower.ts:4:9)',
      '    4 |   throw new Error("inside", { cause: new TypeError("why") });',
      `  at cell [${reply.execution_count}]:2:5`,
    ]);
    expect(reply.traceback).toContain('Caused by TypeError: why');
    expect(reply.traceback?.join('\n')).not.toMatch(/node:|node_modules|workspace/);
  });

  it('of TypeScript names every place, in a cell and in a lib file', async () => {
    const { reply } = await run("const n: number = 'text';\nundeclared(1);");
    const cell = `cell [${reply.execution_count}]`;
    expect(reply.ename).toBe('TypeScript');
    expect(reply.traceback).toEqual([
      `${cell}:1:7 Type 'string' is not assignable to type 'number'.`,
      "    1 | const n: number = 'text';",
      `${cell}:2:1 Cannot find name 'undeclared'.`,
      '    2 | undeclared(1);',
    ]);
    writeLib('wrong.ts', 'export const a = 1;\nexport const b: string = a;\n');
    const imported = await run("import { b } from './lib/wrong'; b");
    expect(imported.reply.evalue).toBe("lib/wrong.ts:2:14 Type 'number' is not assignable to type 'string'.");
  });

  it('ends the cells that wait', async () => {
    const { replies } = await runAll(['throw "first"', 'console.log("second")', 'var third = 3']);
    expect(replies.map(({ status }) => status)).toEqual(['error', 'aborted', 'aborted']);
    expect(replies[0]).toMatchObject({ ename: 'Thrown', evalue: 'first' });
    expect((await run('1')).reply.status).toBe('ok');
  });
});

describe('an edited lib file', () => {
  it('counts when its import is run again, also where another file imports it', async () => {
    writeLib('deep.ts', 'export const depth = 1;\n');
    writeLib('middle.ts', "import { depth } from './deep';\nexport const sum = depth + 10;\n");
    const importCell = "import { sum } from './lib/middle';\nsum";
    expect((await run(importCell)).result).toBe('11');

    writeLib('middle.ts', "import { depth } from './deep';\nexport const sum = depth + 20;\n");
    expect((await run(importCell)).result).toBe('21');

    writeLib('deep.ts', 'export const depth = 2;\n');
    expect((await run(importCell)).result).toBe('22');
  });

  it('is checked with its new types', async () => {
    writeLib('typed.ts', 'export const value: number = 1;\n');
    expect((await run("import { value } from './lib/typed';\nvalue.toFixed(1)")).result).toBe('1.0');
    writeLib('typed.ts', "export const value: string = 'a';\n");
    expect((await run("import { value } from './lib/typed';\nvalue.toFixed(1)")).reply.ename).toBe(
      'TypeScript',
    );
    expect((await run("import { value } from './lib/typed';\nvalue.toUpperCase()")).result).toBe('A');
  });

  it('is found when it was not there before', async () => {
    const importCell = "import { born } from './lib/later';\nborn";
    expect((await run(importCell)).reply.evalue).toContain("Cannot find module './lib/later'");
    writeLib('later.ts', 'export const born = 1;\n');
    expect((await run(importCell)).result).toBe('1');
  });
});

describe('an interrupt', () => {
  it.each([
    ['computes', 'let n = 1;\nconsole.log("started");\nfor (;;) n++;'],
    ['computes after an await', 'let n = 1;\nawait null;\nconsole.log("started");\nfor (;;) n++;'],
    [
      'waits',
      'let n = 1;\nconsole.log("started");\nfor (;;) { await new Promise((done) => setTimeout(done, 5)); n++; }',
    ],
    ['never lets the event loop turn', 'let n = 1;\nconsole.log("started");\nfor (;;) { await null; n++; }'],
    ['waits for what never comes', 'let n = 1;\nconsole.log("started");\nawait new Promise(() => {});'],
    [
      'asks whether to go on',
      "import { checkInterrupt } from './lib/interrupt';\nlet n = 1;\nasync function train() { console.log('started'); for (;;) { await checkInterrupt(); n++; } }\nawait train();",
    ],
    [
      'waits in a function and never asks',
      'let n = 1;\nasync function train() { console.log("started"); for (;;) { await new Promise((done) => setTimeout(done, 5)); n++; } }\nawait train();',
    ],
  ])('stops a cell that %s, and keeps its variables', async (_, source) => {
    const { reply, errors } = await run(source, 'started');
    expect(reply).toMatchObject({
      status: 'error',
      ename: 'Interrupted',
      traceback: ['Interrupted: the cell was stopped'],
    });
    expect(errors).toHaveLength(1);
    const { result } = await run(
      'const reached = n; await new Promise((done) => setTimeout(done, 100)); [reached > 0, n - reached]',
    );
    expect(result).toBe('[ true, 0 ]');
  });

  it('lets a loop that asks end in order, heard until its end', async () => {
    const { text } = await run(
      "import { checkInterrupt } from './lib/interrupt';\nasync function train() { try { console.log('started'); for (;;) await checkInterrupt(); } finally { await new Promise((done) => setTimeout(done, 10)); console.log('ended'); } }\nawait train();",
      'started',
    );
    expect(text).toBe('started\nended\n');
  });

  it('silences a cell that does not end', async () => {
    const { id } = await run(
      'let spoke = 0;\nasync function speak() { for (;;) { await null; if (spoke++ % 1e4 === 0) { await require("fs").promises.stat("."); console.log("started"); } } }\nawait speak();',
      'started',
    );
    const { messages } = await run('await new Promise((done) => setTimeout(done, 200));');
    expect(outputsOf(messages, id).text).toBe('');
  });

  it('ends the cells that wait', async () => {
    const { replies } = await runAll(['console.log("started"); for (;;) {}', '1'], 'started');
    expect(replies.map(({ status }) => status)).toEqual(['error', 'aborted']);
  });

  it('tells a library whose code it cut off', async () => {
    await run("globalThis[Symbol.for('lab.kernel.cutOff')] = () => { mended = true; }; var mended = false;");
    await run('console.log("started"); for (;;) {}', 'started');
    expect((await run('mended')).result).toBe('true');
  });

  it('between cells does nothing', async () => {
    await command({ interrupt: true });
    expect((await run('2')).result).toBe('2');
  });
});

describe('an error that nothing catches', () => {
  it('fails the cell that it comes from', async () => {
    const { reply } = await run('Promise.reject(new Error("refused"));\n1;');
    expect(reply).toMatchObject({ status: 'error', ename: 'Error', evalue: 'refused' });
    const waiting = await run(
      'setTimeout(() => { throw new Error("thrown") }, 10);\nawait new Promise(() => {});',
    );
    expect(waiting.reply).toMatchObject({ status: 'error', evalue: 'thrown' });
  });

  it.each([
    ['a rejection', 'setTimeout(() => Promise.reject(new Error("late")), 50);'],
    ['a throw', 'setTimeout(() => { throw new Error("late"); }, 50);'],
  ])('is shown under its cell when that has ended, and told with the next reply: %s', async (_, source) => {
    const first = await run(`${source}\nlet gone = new Promise((done) => setTimeout(done, 100));`);
    expect(first.reply.status).toBe('ok');
    const { reply, messages } = await run('await gone;');
    expect(reply.status).toBe('ok');
    expect(reply.late_errors).toMatchObject([{ msg_id: first.id, ename: 'Error', evalue: 'late' }]);
    expect(outputsOf(messages, first.id).errors).toHaveLength(1);
    expect((await run('1')).reply).not.toHaveProperty('late_errors');
  });
});

describe('the editor', () => {
  it('is told the language', async () => {
    expect((await ask('kernel_info_request', {})).language_info).toMatchObject({
      name: 'typescript',
      file_extension: '.ts',
      pygments_lexer: 'typescript',
      codemirror_mode: 'typescript',
    });
  });

  it('completes and explains what cells declared', async () => {
    await run("const experiment = { learningRate: 0.1 }; const sign = '\u{1d6fc}';");
    const code = "'\u{1d6fc}'; experiment.learn";
    const cursor = [...code].length;
    expect(await ask('complete_request', { code, cursor_pos: cursor })).toMatchObject({
      matches: ['learningRate'],
      cursor_start: cursor - 'learn'.length,
      cursor_end: cursor,
    });
    const info = await ask('inspect_request', { code: 'experiment', cursor_pos: 3, detail_level: 0 });
    expect(JSON.stringify(info.data)).toContain('learningRate: number');
  });

  it('learns whether a cell is complete', async () => {
    expect(await ask('is_complete_request', { code: 'const a = 1;' })).toMatchObject({ status: 'complete' });
    expect(await ask('is_complete_request', { code: 'function f() {' })).toMatchObject({
      status: 'incomplete',
    });
  });
});

describe('the launcher', () => {
  it('refuses a folder outside a project, in a sentence', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(launcher, 'launch.cjs'), 'none'], {
      cwd: tmpdir(),
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^No project with .*start\.cjs contains .*\.\n$/);
  });

  it('says what to do where the packages are missing', () => {
    const bare = join(folder, 'bare');
    fs.mkdirSync(join(bare, 'lib'), { recursive: true });
    fs.symlinkSync(join(root, 'lib', 'workspace'), join(bare, 'lib', 'workspace'));
    const { status, stderr } = spawnSync(process.execPath, [join(launcher, 'launch.cjs'), 'none'], {
      cwd: bare,
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^The packages of .* are not installed: run `npm start` there\.\n$/);
  });
});
