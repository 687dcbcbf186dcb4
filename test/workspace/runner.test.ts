import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { barLine, plainLine, showProgress } from '../../lib/workspace/runner/progress.mjs';
import { closeRunFolder, openRunFolder, publish } from '../../lib/workspace/runner/results.mjs';
import { duration, formatTable, headingBefore } from '../../lib/workspace/runner/summary.mjs';

describe('words and tables', () => {
  it('tells durations', () => {
    expect([0.04, 59.94, 61, 3599.6].map(duration)).toEqual(['0.0 s', '59.9 s', '1 min 01 s', '60 min 00 s']);
  });

  it('aligns columns: names to the left, numbers to the right', () => {
    const rows = [
      ['notebook', 'cells', 'status'],
      ['04', '3/10', 'failed'],
    ];
    expect(formatTable(rows)).toBe('notebook  cells  status\n04         3/10  failed');
  });

  it('finds the heading that a cell stands under', () => {
    const markdown = (source: string) => ({ cell_type: 'markdown', source });
    const code = { cell_type: 'code', source: '# not a heading' };
    const cells = [
      code,
      markdown('# One\ntext'),
      code,
      markdown('## Two\n\n### Three\ntext'),
      markdown('text'),
      code,
    ];
    const notebook = { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
    expect([0, 2, 5].map((index) => headingBefore(notebook, index))).toEqual(['', 'One', 'Three']);
  });
});

describe('progress', () => {
  const running = { name: '04', cell: 6, cells: 10, started: 1000 };

  it('shows the cells that are done, the one that runs and the time', () => {
    expect(barLine(running, 13_500, 6, 80)).toBe('04      ▓▓▓▓▓▓▓▓▓▓░░░░░░░░░░      6/10  12.5 s');
    expect(barLine({ ...running, cells: 0 }, 1000, 6, 80)).toBe(
      '04      ░░░░░░░░░░░░░░░░░░░░  starting  0.0 s',
    );
    expect(barLine(running, 13_500, 6, 20)).toHaveLength(20);
    expect(plainLine(running, 13_500)).toBe('04: cell 6 of 10, 12.5 s');
  });

  it('draws bars over the last ones on a terminal, below what is printed', () => {
    let screen = '';
    const terminal = { isTTY: true, columns: 80, write: (text: string) => (screen += text) };
    const progress = showProgress(terminal, ['a', 'b']);
    progress.start('a');
    progress.start('b');
    progress.end('a', 'a is done');
    progress.end('b', 'b is done');
    progress.close();
    expect(screen.replaceAll('\x1b', 'ESC')).toMatch(/^a is done\nb .*starting.*\nESC\[1AESC\[Jb is done\n$/);
  });

  it('writes plain lines elsewhere', () => {
    let log = '';
    const progress = showProgress({ write: (text: string) => (log += text) }, ['a']);
    progress.start('a');
    progress.end('a', 'a is done');
    progress.close();
    expect(log).toBe('a: started\na is done\n');
  });
});

describe('the folder of results', () => {
  let out: string;
  beforeEach(() => {
    out = fs.mkdtempSync(join(tmpdir(), 'results-'));
  });
  afterEach(() => fs.rmSync(out, { recursive: true }));

  const write = (path: string, text: string) => {
    fs.mkdirSync(join(out, path, '..'), { recursive: true });
    fs.writeFileSync(join(out, path), text);
  };
  const read = (path: string) => fs.readFileSync(join(out, path), 'utf8');
  const everything = () => {
    const entries = fs.readdirSync(out, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).length;
  };
  /** A process that has ended, as far as one can tell: Linux and macOS give no such numbers. */
  const ended = 2 ** 30;

  it('replaces a notebook’s folder as a whole, and adds what lies outside of it', () => {
    write('04/old.csv', 'old');
    const folder = openRunFolder(out);
    const name = folder.slice(out.length + 1);
    write(`${name}/0/04/new.csv`, 'new');
    write(`${name}/0/shared/table.csv`, 'shared');
    publish(join(folder, '0'), out, '04');
    closeRunFolder(out, folder);
    expect(fs.readdirSync(out).sort()).toEqual(['04', 'shared']);
    expect(fs.readdirSync(join(out, '04'))).toEqual(['new.csv']);
    expect(read('shared/table.csv')).toBe('shared');
  });

  it('clears away what a killed run left, and keeps the earlier results', () => {
    write('04/table.csv', 'earlier');
    write(`.running-${ended}/0/04/table.csv`, 'half');
    closeRunFolder(out, openRunFolder(out));
    expect(everything()).toBe(1);
    expect(read('04/table.csv')).toBe('earlier');
  });

  it('gives back what a killed run was just replacing', () => {
    write(`.running-${ended}/replaced/04/table.csv`, 'earlier');
    write(`.running-${ended}/0/04/table.csv`, 'new');
    closeRunFolder(out, openRunFolder(out));
    expect(everything()).toBe(1);
    expect(read('04/table.csv')).toBe('earlier');
  });

  it('leaves a run of a living process alone', () => {
    write(`.running-${process.ppid}/0/04/table.csv`, 'running');
    closeRunFolder(out, openRunFolder(out));
    expect(read(`.running-${process.ppid}/0/04/table.csv`)).toBe('running');
  });
});
