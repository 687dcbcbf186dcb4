import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { exportCsv } from '../../lib/notebook/csv';
import { pythonPath } from '../../lib/workspace/environment.mjs';
import { enterNotebook, leaveNotebook, type Shown } from './fakeNotebook';

let results: string;
let shown: Shown[];

beforeEach(() => {
  results = mkdtempSync(join(tmpdir(), 'lab-csv-'));
  vi.stubEnv('LAB_RESULTS', results);
  shown = enterNotebook();
});

afterEach(() => {
  leaveNotebook();
  vi.unstubAllEnvs();
  rmSync(results, { recursive: true, force: true });
});

const read = (name: string) => readFileSync(join(results, name), 'utf8');

describe('exportCsv', () => {
  it('writes into the results folder and shows a link', () => {
    vi.stubEnv('LAB_RESULTS', '');
    const cwd = vi.spyOn(process, 'cwd').mockReturnValue(results);
    exportCsv('05-value/prefixes', [{ prefix: '2+2', value: 0.648 }]);
    cwd.mockRestore();
    expect(read('data/results/05-value/prefixes.csv')).toBe('prefix,value\n2+2,0.648\n');
    expect(shown).toHaveLength(1);
    expect(shown[0]!.data['text/plain']).toBe('CSV: data/results/05-value/prefixes.csv (1 row)');
    expect(shown[0]!.data['text/html']).toContain('href="../data/results/05-value/prefixes.csv"');
    expect(shown[0]!.metadata).toEqual({ lab: { csv: 'data/results/05-value/prefixes.csv' } });
  });

  it.each(['../outside', '/tmp/outside', 'a/../../b', 'a//b', '', 'a\\..\\b'])(
    'refuses the name %j',
    (name) => {
      expect(() => exportCsv(name, [{ a: 1 }])).toThrow('must be a path inside the results folder');
    },
  );

  it('keeps the old file when it is refused', () => {
    exportCsv('t', [{ a: 1 }]);
    expect(() => exportCsv('t', [{ a: 1 }, { b: 2 }] as { a: number }[])).toThrow('Row 2');
    expect(read('t.csv')).toBe('a\n1\n');
  });

  it('leaves the old file whole when it is killed in the middle of writing', () => {
    exportCsv('t', [{ a: 'old' }]);
    // The child dies by SIGKILL when half of the text is on the disk, however it is written.
    const script = `
      const fs = require('node:fs');
      const { writeSync, writeFileSync } = fs;
      const half = (data) => data.slice(0, data.length / 2);
      const die = () => { writeSync(1, 'half'); process.kill(process.pid, 'SIGKILL'); };
      fs.writeSync = (fd, data) => { writeSync(fd, half(data)); die(); };
      fs.writeFileSync = (path, data) => { writeFileSync(path, half(data)); die(); };
      require('./lib/notebook/csv').exportCsv('t', [{ a: 'new'.repeat(1000) }]);
    `;
    const hook = './lib/workspace/typescriptModules.cjs';
    const child = spawnSync(process.execPath, ['--require', hook, '-e', script], { encoding: 'utf8' });
    expect([child.signal, child.stdout, child.stderr]).toEqual(['SIGKILL', 'half', '']);
    expect(read('t.csv')).toBe('a\nold\n');
    exportCsv('t', [{ a: 'newer' }]);
    expect(read('t.csv')).toBe('a\nnewer\n');
  });
});

/** Two rows, so that each column's type shows, and all that makes CSV readers stumble. */
const hardRows = [
  {
    text: 'say "hi", γ ≤ 漢 🙂\r\nnext line',
    id: '007',
    float: 0.1 + 0.2,
    tiny: 5e-324,
    integer: Number.MAX_SAFE_INTEGER,
    missing: null,
    diverged: Number.NaN,
    flag: true,
  },
  {
    text: ' spaces around ',
    id: '1e3',
    float: 1 / 3,
    tiny: -Math.PI * 1e-300,
    integer: -1,
    missing: 2.5,
    diverged: 1.5,
    flag: false,
  },
];

describe('what was written', () => {
  it('reads back in danfo without loss', async () => {
    exportCsv('hard', hardRows);
    const { readCSV } = await import('danfojs-node');
    // Which columns are text, the reader must be told: "007" looks like a number.
    const dynamicTyping = Object.fromEntries(Object.keys(hardRows[0]!).map((key) => [key, key !== 'id']));
    const frame = await readCSV(join(results, 'hard.csv'), { dynamicTyping } as never);
    expect(frame.columns).toEqual(Object.keys(hardRows[0]!));
    expect(frame.values).toEqual(
      hardRows.map((row) =>
        Object.values({ ...row, diverged: Number.isNaN(row.diverged) ? null : row.diverged }),
      ),
    );
  });

  it('reads back in pandas without loss', () => {
    exportCsv('hard', hardRows);
    exportCsv('single', [{ value: 1 }, { value: null }, { value: 3 }]);
    exportCsv('infinite', [{ value: Number.POSITIVE_INFINITY }, { value: Number.NEGATIVE_INFINITY }]);
    const script = `
import json, math, sys, warnings
import pandas as pd
warnings.simplefilter('ignore')  # float_precision: needed by older versions, deprecated in newer ones
read = lambda name, **options: pd.read_csv(f'{sys.argv[1]}/{name}.csv', float_precision='round_trip', **options)
plain = lambda value: None if isinstance(value, float) and math.isnan(value) else value
hard = read('hard', dtype={'id': str})
print(json.dumps({
    'rows': [{key: plain(value) for key, value in row.items()} for row in hard.to_dict('records')],
    'kinds': {key: kind.kind for key, kind in hard.dtypes.items() if kind.kind in 'ifb'},
    'single': [plain(value) for value in read('single')['value'].tolist()],
    'infinite': [str(value) for value in read('infinite')['value'].tolist()],
}))`;
    const python = process.env.LAB_TEST_PYTHON ?? pythonPath;
    expect(existsSync(python), `no Python at ${python}`).toBe(true);
    const back = JSON.parse(execFileSync(python, ['-c', script, results], { encoding: 'utf8' }));
    expect(back).toEqual({
      rows: hardRows.map((row) => ({ ...row, diverged: Number.isNaN(row.diverged) ? null : row.diverged })),
      kinds: { float: 'f', tiny: 'f', integer: 'i', missing: 'f', diverged: 'f', flag: 'b' },
      single: [1, null, 3],
      infinite: ['inf', '-inf'],
    });
  });
});
