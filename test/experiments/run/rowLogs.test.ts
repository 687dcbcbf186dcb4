import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../../lib/errors/inputError';
import { openCsvLog, stepsOfCsvLog } from '../../../lib/experiments/run/csvLog';
import { openJsonLinesLog, stepsOfJsonLinesLog } from '../../../lib/experiments/run/jsonLinesLog';
import { hasEachStep, type LogRow } from '../../../lib/experiments/run/rowLog';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-log-'));
  path = join(folder, 'log');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = () => readFileSync(path, 'utf8');

const kinds = [
  { name: 'CSV', open: openCsvLog, stepsOf: stepsOfCsvLog },
  { name: 'JSON lines', open: openJsonLinesLog, stepsOf: stepsOfJsonLinesLog },
];

describe.each(kinds)('a log as $name', ({ open, stepsOf }) => {
  const write = (rows: readonly LogRow[], keepUntil = 0) => {
    const log = open(path, keepUntil);
    for (const row of rows) log.append(row);
    log.sync();
    log.close();
  };
  const row = (step: number, text = 'a\n"b", c') => ({ global_step: step, seed: 1, text, value: step / 3 });
  const steps = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => row(from + i));

  it('is, resumed from any step, what it would be without a break', () => {
    write(steps(1, 9));
    const whole = read();
    for (let resumed = 0; resumed <= 9; resumed++) {
      write(steps(resumed + 1, 9), resumed);
      expect(read()).toBe(whole);
    }
  });

  it('loses only the last row wherever it is cut off', () => {
    const rows = [row(1), row(2, '漢 🙂'), row(2), row(4)];
    write(rows);
    const whole = readFileSync(path);
    fc.assert(
      fc.property(fc.nat({ max: whole.length }), (length) => {
        rmSync(path);
        appendFileSync(path, whole.subarray(0, length));
        const left = stepsOf(path);
        expect(left).toEqual([1, 2, 2, 4].slice(0, left.length));
        write(rows.slice(left.length), left.at(-1) ?? 0);
        expect(readFileSync(path).equals(whole)).toBe(true);
      }),
    );
  });

  it('keeps all rows of the steps to keep, and no later one', () => {
    write([row(5, 'a'), row(5, 'b'), row(10, 'c'), row(10, 'd'), row(15, 'before')]);
    write([row(15, 'after')], 12);
    expect(stepsOf(path)).toEqual([5, 5, 10, 10, 15]);
    expect(read()).toContain('after');
    expect(read()).not.toContain('before');
  });

  it('begins anew where no row stays, with columns of its own', () => {
    write([row(1), row(2)]);
    write([{ global_step: 1, other: 2 }]);
    expect(stepsOf(path)).toEqual([1]);
    expect(read()).not.toContain('seed');
  });

  it('goes by the rows up to the first that is damaged', () => {
    write([row(1), row(2)]);
    appendFileSync(path, 'no row\n');
    appendFileSync(path, read());
    expect(stepsOf(path)).toEqual([1, 2]);
    expect(stepsOf(join(folder, 'missing'))).toEqual([]);
  });

  it('refuses a row of other columns, also after it was opened again', () => {
    write([row(1)]);
    const log = open(path, 1);
    const wrong = () => log.append({ global_step: 2, seed: 1, text: '', loss: 0 });
    expect(wrong).toThrow(InputError);
    expect(wrong).toThrow(
      `the row of step 2 for ${path} lacks "value" and has "loss" beyond the file's columns.`,
    );
    log.close();
    expect(stepsOf(path)).toEqual([1]);
  });

  it('takes the columns in the order of the first row', () => {
    write([
      { global_step: 1, a: 1, b: 2 },
      { b: 4, a: 3, global_step: 2 },
    ]);
    expect(stepsOf(path)).toEqual([1, 2]);
  });
});

describe('what stands in the file', () => {
  const rows: LogRow[] = [
    { global_step: 1, seed: 7, a: 0.1 + 0.2, b: null, c: Number.NaN, d: Number.POSITIVE_INFINITY, e: 'x, y' },
    { global_step: 2, seed: 7, a: 1e-7, b: undefined, c: 1, d: Number.NEGATIVE_INFINITY, e: '' },
  ];

  it('is CSV as everywhere in the lab', () => {
    const log = openCsvLog(path, 0);
    expect(read()).toBe('');
    for (const row of rows) log.append(row);
    expect(read()).toBe(
      'global_step,seed,a,b,c,d,e\n1,7,0.30000000000000004,,,Infinity,"x, y"\n2,7,1e-7,,1,-Infinity,\n',
    );
    log.close();
  });

  it('is a JSON object a line, null for what JSON has not', () => {
    const log = openJsonLinesLog(path, 0);
    for (const row of rows) log.append(row);
    const [first, second, rest] = read().split('\n');
    expect(first).toBe(
      '{"global_step":1,"seed":7,"a":0.30000000000000004,"b":null,"c":null,"d":null,"e":"x, y"}',
    );
    expect(second).toBe('{"global_step":2,"seed":7,"a":1e-7,"b":null,"c":1,"d":null,"e":""}');
    expect(rest).toBe('');
    log.close();
  });

  it('outlives a process that is killed in the middle of a row', () => {
    // The child dies by SIGKILL when half of its third row is written.
    const script = `
      const fs = require('node:fs');
      const { writeSync } = fs;
      const { openCsvLog } = require('./lib/experiments/run/csvLog');
      const log = openCsvLog(process.argv[1], 0);
      log.append({ global_step: 1, value: 0.25 });
      log.append({ global_step: 2, value: 0.5 });
      fs.writeSync = (file, bytes) => {
        writeSync(file, bytes.subarray(0, bytes.length / 2));
        process.kill(process.pid, 'SIGKILL');
      };
      log.append({ global_step: 3, value: 0.75 });
    `;
    const hook = './lib/workspace/typescriptModules.cjs';
    const child = spawnSync(process.execPath, ['--require', hook, '-e', script, path], { encoding: 'utf8' });
    expect([child.signal, child.stderr]).toEqual(['SIGKILL', '']);
    expect(read()).toBe('global_step,value\n1,0.25\n2,0.5\n3,0');
    expect(stepsOfCsvLog(path)).toEqual([1, 2]);
    openCsvLog(path, 2).close();
    expect(read()).toBe('global_step,value\n1,0.25\n2,0.5\n');
  });
});

it('tells whether each step has a row', () => {
  expect(hasEachStep([1, 2, 3, 4], 3)).toBe(true);
  expect(hasEachStep([1, 2, 2, 3], 3)).toBe(false);
  expect(hasEachStep([1, 3], 3)).toBe(false);
  expect(hasEachStep([1, 2], 3)).toBe(false);
  expect(hasEachStep([], 0)).toBe(true);
});
