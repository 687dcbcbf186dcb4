import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { InputError } from '../../lib/errors/inputError';
import { openAppendOnly } from '../../lib/files/appendOnlyFile';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-append-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('keeps what it is told to, and goes on from there', () => {
  const path = join(folder, 'log');
  const begun = openAppendOnly(path, '');
  begun.write('one\ntwo\nthr');
  begun.close();
  const file = openAppendOnly(path, 'one\ntwo\n');
  file.write(Buffer.from('drei\n'));
  file.sync();
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\ndrei\n');
  file.close();
});

it('tells in a sentence which file cannot be opened, and why', () => {
  const path = join(folder, 'missing', 'log');
  const open = () => openAppendOnly(path, '');
  expect(open).toThrow(InputError);
  expect(open).toThrow(`${path} cannot be written: no such file or directory.`);
});

it.runIf(existsSync('/dev/full'))('tells of a full disk', () => {
  const file = openAppendOnly('/dev/full', '');
  expect(() => file.write('row\n')).toThrow(InputError);
  expect(() => file.write('row\n')).toThrow('/dev/full cannot be written: no space left on device.');
  file.close();
});

// a limit on a file's size, like a full disk, lets a write begin and not end
it.skipIf(process.platform === 'win32')(
  'takes back what a write left of itself when the disk was full',
  () => {
    const path = join(folder, 'log');
    writeFileSync(path, '');
    const script = `
    const { openAppendOnly } = require('./lib/files/appendOnlyFile');
    const file = openAppendOnly(process.argv[1], '');
    file.write('x'.repeat(999) + '\\n');
    try { file.write('y'.repeat(999) + '\\n'); } catch (error) { console.log(error.message); }
    file.write('z\\n');
  `;
    const hook = './lib/workspace/typescriptModules.cjs';
    const limited = `ulimit -f 1; trap '' XFSZ; exec "$0" "$@"`;
    const node = [process.execPath, '--require', hook, '-e', script, path];
    const child = spawnSync('bash', ['-c', limited, ...node], { encoding: 'utf8' });
    expect([child.stderr, child.stdout]).toEqual(['', `${path} cannot be written: file too large.\n`]);
    expect(readFileSync(path, 'utf8')).toBe(`${'x'.repeat(999)}\nz\n`);
  },
);
