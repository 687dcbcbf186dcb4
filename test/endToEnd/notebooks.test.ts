import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const all = readdirSync('notebooks')
  .filter((file) => file.endsWith('.ipynb'))
  .map((file) => file.replace('.ipynb', ''));
/** Pure JavaScript is the last resort, and trains language models many times slower: there two of them stand for all. */
const onCpu = all.filter((name) => /^0[25]/u.test(name));
const described = readFileSync('data/README.md', 'utf8').split(/^### /mu);

interface Output {
  readonly output_type: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The notebooks as anyone runs them, at their quick size, on each engine. */
describe.each([
  ['native', all],
  ['wasm', all],
  ['cpu', onCpu],
] as const)('the notebooks on the %s engine', (engine, names) => {
  let out: string;
  let result: { status: number | null; stdout: string };

  beforeAll(() => {
    out = mkdtempSync(join(tmpdir(), 'lab-notebooks-'));
    const args = ['lib/workspace/lab.mjs', 'reproduce', ...names, '--quick', '--out', out];
    const env = { ...process.env, LAB_ENGINE: engine };
    result = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  });

  afterAll(() => rmSync(out, { recursive: true }));

  const outputsOf = (name: string) => {
    const { cells } = JSON.parse(readFileSync(join(out, name, `${name}.ipynb`), 'utf8'));
    return cells.flatMap((cell: { outputs?: Output[] }) => cell.outputs ?? []) as Output[];
  };

  it('run to their ends', () => {
    expect(result.stdout).not.toMatch(/failed/);
    expect(result.status).toBe(0);
  });

  it.each(names)('%s ran on that engine, shows figures with their images, and leaves CSVs', (name) => {
    const outputs = outputsOf(name);
    const figures = outputs.filter(({ data }) => data?.['application/vnd.plotly.v1+json']);
    expect(JSON.stringify(outputs)).toContain(`(${engine})`);
    expect(figures.length).toBeGreaterThan(0);
    for (const { data } of figures) expect(data?.['image/png']).toMatch(/^iVBOR/);
    expect(readdirSync(join(out, name)).filter((file) => file.endsWith('.csv')).length).toBeGreaterThan(0);
  });

  it.each(names)('%s writes no CSV that data/README.md does not describe', (name) => {
    const section = described.find((part) => part.startsWith(`${name}\n`)) ?? '';
    for (const file of readdirSync(join(out, name)).filter((one) => one.endsWith('.csv'))) {
      expect(section).toContain(`**${file}**`);
    }
  });

  it("05 gives the article's values", () => {
    const csv = readFileSync(join(out, '05-value-model-discounting', 'worked-example.csv'), 'utf8');
    const rows: { prefix: string; value: string }[] = parse(csv, { columns: true });
    expect(rows.map(({ value }) => value).sort()).toEqual(['0.648', '0.72', '0.8']);
  });
});
