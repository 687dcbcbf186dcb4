import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportRuns } from '../../lib/commandLine/exportCommand';
import { listText } from '../../lib/commandLine/listCommand';
import { nameWith } from '../../lib/commandLine/named';
import { showText } from '../../lib/commandLine/showCommand';
import { InputError } from '../../lib/errors/inputError';
import { lockRun } from '../../lib/experiments/run/runLock';
import { pythonPath } from '../../lib/workspace/environment.mjs';
import { keepRun, type Row, runSpec } from './madeUpRuns';

let results: string;
beforeEach(() => {
  results = mkdtempSync(join(tmpdir(), 'lab-runs-'));
});
afterEach(() => rmSync(results, { recursive: true, force: true }));

const rows: readonly Row[] = [
  { reward: 0.1, accuracy: null },
  { reward: 0.25, accuracy: 0.5 },
  { reward: 1 / 3, accuracy: null },
];
const hold = (folder: string, pid: number) =>
  writeFileSync(join(folder, '.lock'), JSON.stringify({ pid, born: '', host: hostname() }));

describe('list', () => {
  it('tells how each run stands', async () => {
    const set = { clipRange: 0.1, schedule: 'cosine' };
    keepRun(results, runSpec({ seed: 1, set, preset: 'trl' }), rows, { status: 'done', accuracy: 0.5 });
    keepRun(results, runSpec({ seed: 2 }), [], { status: 'failed', reason: 'the loss is NaN.' });
    await lockRun(keepRun(results, runSpec({ seed: 3 }), rows, null));
    // no process has a number beyond Linux's and macOS' largest
    hold(keepRun(results, runSpec({ seed: 4 }), rows, null), 2 ** 22 + 1);
    expect(listText(results).split('\n')).toEqual([
      'run                       status  steps  reward  accuracy        time  preset and set',
      'room__grpo__1__aaaaaaaa     done   3/40   0.333       0.5  1 min 12 s  trl clipRange=0.1 schedule=cosine',
      'room__grpo__2__aaaaaaaa   failed   0/40                    1 min 12 s',
      'room__grpo__3__aaaaaaaa  running   3/40   0.333       0.5',
      'room__grpo__4__aaaaaaaa  stopped   3/40   0.333       0.5',
    ]);
  });

  it('says where it looked when there is nothing', () => {
    expect(listText(results)).toBe(`There are no runs in ${join(results, 'runs')}.`);
  });

  it('refuses a damaged folder in a sentence that names the file', () => {
    const folder = keepRun(results, runSpec({ seed: 1 }), rows);
    writeFileSync(join(folder, 'config.json'), '{"name": ');
    expect(() => listText(results)).toThrow(
      new InputError(`${join(folder, 'config.json')} holds no JSON object, or was cut off.`),
    );
  });
});

describe('show', () => {
  it('tells all about a run', () => {
    keepRun(results, runSpec({ seed: 2 }), rows);
    const folder = keepRun(results, runSpec({ seed: 1, set: { clipRange: 0.1 } }), rows, {
      status: 'done',
      best_step: 20,
      resumed: 2,
      held_out_accuracy: 0.75,
    });
    for (const step of ['000020', '000040'])
      writeFileSync(join(folder, 'checkpoints', `step-${step}.json`), '{}');
    const text = showText({ part: 'grpo__1', out: results });
    expect(text.split('\n').slice(0, 2)).toEqual([
      'room__grpo__1__aaaaaaaa: done, 3 of 40 steps, 1 min 12 s, held-out accuracy 0.75, resumed 2 times',
      `in ${folder}`,
    ]);
    expect(text).toContain('set beyond the preset\n  clipRange=0.1\n');
    expect(text).toContain('  learningRate  0.05\n');
    expect(text).toContain('  code      of another time\n');
    expect(text).toContain('checkpoints\n  step 20 (best), step 40\n');
    expect(text).toContain('  reward       0.3333333333333333\n');
    expect(text).toContain('  summary.json    ');
  });

  it('shows a run that has just begun, and why one failed', () => {
    keepRun(results, runSpec({ seed: 1 }), [], null);
    keepRun(results, runSpec({ seed: 2 }), [], { status: 'failed', reason: 'the loss is NaN' });
    const begun = showText({ part: '__1__', out: results });
    expect(begun).toMatch(/^room__grpo__1__aaaaaaaa: stopped, 0 of 40 steps\n/);
    expect(begun).toContain('checkpoints\n  none\n');
    expect(begun).toContain('last row\n  none yet\n');
    expect(showText({ part: '__2__', out: results })).toMatch(/: failed \(the loss is NaN\), 0 of 40 steps/);
  });

  it('wants a part of one name', () => {
    const names = ['a__1', 'a__2', 'a__11'];
    expect(nameWith('a__1', names, 'run')).toBe('a__1');
    expect(nameWith('2', names, 'run')).toBe('a__2');
    expect(() => nameWith('a', names, 'run')).toThrow(
      new InputError('"a" fits 3 runs; expected a part of one: a__1, a__2, a__11.'),
    );
    expect(() => nameWith('b__2', names, 'run')).toThrow(
      new InputError('there is no run "b__2"; did you mean "a__2"?'),
    );
    expect(() => nameWith('b', [], 'run')).toThrow(
      new InputError('there is no run "b"; there are no runs at all.'),
    );
  });
});

describe('export', () => {
  const exported = (parts: readonly string[] = []) => {
    exportRuns({ kind: 'export', parts, to: null, out: results });
    return readFileSync(join(results, 'runs.csv'), 'utf8');
  };

  it('is tidy: a row for each run and step, and what a run does not have is empty', () => {
    keepRun(results, runSpec({ seed: 1, set: { clipRange: 0.1, valueClipRange: null } }), rows.slice(0, 2));
    keepRun(results, runSpec({ seed: 2, id: 'bbbbbbbb', algorithm: 'ppo', preset: 'trl' }), [
      { reward: 1e-7, value_loss: 0.1 + 0.2 },
    ]);
    expect(exported()).toBe(
      [
        'run,task,algorithm,preset,setting,set.clipRange,set.valueClipRange,seed,global_step,reward,accuracy,value_loss',
        'room__grpo__1__aaaaaaaa,room,grpo,lab,room__grpo__aaaaaaaa,0.1,null,1,1,0.1,,',
        'room__grpo__1__aaaaaaaa,room,grpo,lab,room__grpo__aaaaaaaa,0.1,null,1,2,0.25,0.5,',
        'room__ppo__2__bbbbbbbb,room,ppo,trl,room__ppo__bbbbbbbb,,,2,1,1e-7,,0.30000000000000004',
        '',
      ].join('\n'),
    );
    expect(readdirSync(results).sort()).toEqual(['runs', 'runs.csv']);
  });

  it('takes the runs that have a part in their names', () => {
    keepRun(results, runSpec({ seed: 1 }), rows);
    keepRun(results, runSpec({ seed: 2 }), rows);
    keepRun(results, runSpec({ seed: 3 }), rows);
    const to = join(results, 'some', 'rows.csv');
    const said = exportRuns({ kind: 'export', parts: ['__1__', '__3__'], to, out: results });
    expect(said).toBe(`${to}: 6 rows of 2 runs`);
    const seeds = (parse(readFileSync(to), { columns: true }) as { seed: string }[]).map(({ seed }) => seed);
    expect(seeds).toEqual(['1', '1', '1', '3', '3', '3']);
    expect(() => exported(['__1__', 'trpo'])).toThrow(
      new InputError(
        'there is no run "trpo"; there are room__grpo__1__aaaaaaaa, room__grpo__2__aaaaaaaa, room__grpo__3__aaaaaaaa.',
      ),
    );
  });

  it('passes over a last row that was cut off, and refuses to write a table without rows', () => {
    const folder = keepRun(results, runSpec({ seed: 1 }), [], null);
    expect(() => exported()).toThrow(
      new InputError(`no run in ${join(results, 'runs')} has rows yet; expected some.`),
    );
    writeFileSync(
      join(folder, 'progress.jsonl'),
      '{"global_step":1,"seed":1,"reward":2}\n{"global_step":2,"see',
    );
    expect(exported().split('\n')).toHaveLength(3);
  });

  it('gives pandas every number back', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    const numbers = fc.sample(fc.record({ reward: number, kl: fc.option(number) }), 200);
    // JSON, in which rows are kept, has no −0
    const written = numbers.map(({ reward, kl }) => ({
      reward: reward + 0,
      kl: kl === null ? null : kl + 0,
    }));
    keepRun(results, runSpec({ seed: 7, set: { clipRange: 0.1 } }), written);
    exported();
    const script = `
import json, math, sys, pandas
table = pandas.read_csv(sys.argv[1])
rows = table[["reward", "kl"]].astype(object).where(table[["reward", "kl"]].notna(), None)
print(json.dumps({"columns": list(table.columns), "seeds": [int(seed) for seed in table["seed"].unique()],
  "set": [float(one) for one in table["set.clipRange"].unique()],
  "steps": [int(step) for step in table["global_step"]], "rows": rows.to_dict("records")}))`;
    const args = ['-c', script, join(results, 'runs.csv')];
    expect(JSON.parse(execFileSync(pythonPath, args, { encoding: 'utf8' }))).toEqual({
      columns: [
        ...['run', 'task', 'algorithm', 'preset', 'setting', 'set.clipRange', 'seed', 'global_step'],
        'reward',
        'kl',
      ],
      seeds: [7],
      set: [0.1],
      steps: written.map((_, i) => i + 1),
      rows: written,
    });
  });
});
