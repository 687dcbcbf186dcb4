import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOptions } from '../../lib/commandLine/options';
import { requestOf } from '../../lib/commandLine/request';
import { readSeeds } from '../../lib/commandLine/seeds';
import { InputError } from '../../lib/errors/inputError';
import { optionKeptByNpm } from '../../lib/workspace/experiment.mjs';

const words = (line: string) => line.split(' ').filter(Boolean);
const read = (line: string) => readOptions(words(line));
const fieldsOf = (line: string) => {
  const options = read(line);
  return options.kind === 'run' ? options.fields : null;
};
const set = (...texts: string[]) => {
  const options = readOptions(['grpo', ...texts.flatMap((text) => ['--set', text])]);
  return options.kind === 'run' ? options.fields.set : null;
};

describe('the command line', () => {
  it('says what to train', () => {
    expect(
      read('grpo ppo --task room --preset trl --seed 1..3 --resume --workers 3 --out some --keep 4'),
    ).toEqual({
      kind: 'run',
      fields: {
        task: 'room',
        algorithm: ['grpo', 'ppo'],
        preset: 'trl',
        seeds: [1, 2, 3],
        keepCheckpoints: 4,
      },
      config: null,
      resume: true,
      workers: 3,
      redis: null,
      out: 'some',
    });
    expect(fieldsOf('grpo --checkpoint-every 10 --completions-every 0 --tensorboard')).toEqual({
      algorithm: ['grpo'],
      checkpointEvery: 10,
      completionsEvery: 0,
      tensorboard: true,
    });
  });

  it('has a command behind its options too', () => {
    expect(read('--out there list')).toEqual({ kind: 'list', out: 'there' });
    expect(read('show abc')).toEqual({ kind: 'show', part: 'abc', out: null });
    expect(read('compare a b c --metric kl')).toEqual({
      kind: 'compare',
      parts: ['a', 'b', 'c'],
      metric: 'kl',
      out: null,
    });
    expect(read('export room --to rows.csv')).toEqual({
      kind: 'export',
      parts: ['room'],
      to: 'rows.csv',
      out: null,
    });
    expect(read('worker --redis redis://there --workers 2')).toEqual({
      kind: 'worker',
      redis: 'redis://there',
      workers: 2,
    });
    expect(read('grpo ppo --help --task room')).toEqual({
      kind: 'help',
      algorithms: ['grpo', 'ppo'],
      task: 'room',
      preset: null,
    });
    expect(read('list -h')).toMatchObject({ kind: 'help', algorithms: [] });
  });

  it.each([
    ['--sed 1', "Unknown option '--sed'; `npm run experiment -- --help` explains."],
    ['grpo --seed', "Option '--seed <value>' argument missing; `npm run experiment -- --help` explains."],
    ['grpo --seed 1 --seed 2', '--seed stands twice; expected it once.'],
    ['grpo --seed 5..1', '--seed is "5..1"; expected whole numbers, such as 3, 1,2,7 or 1..5.'],
    ['grpo --seed 1,', '--seed is "1,"; expected whole numbers, such as 3, 1,2,7 or 1..5.'],
    ['grpo --seed one', '--seed is "one"; expected whole numbers, such as 3, 1,2,7 or 1..5.'],
    ['grpo --seed 1..1000000', '--seed is "1..1000000"; expected at most 10000 seeds.'],
    ['grpo --workers 0', '--workers is "0"; expected a whole number from 1.'],
    ['grpo --keep 1.5', '--keep is "1.5"; expected a whole number from 1.'],
    ['grpo --set clipRange', '--set is "clipRange"; expected name=value, such as clipRange=0.1,0.2.'],
    ['grpo --set clipRange=', '--set is "clipRange="; expected name=value, such as clipRange=0.1,0.2.'],
    ['grpo --set a=1,,x', '--set is "a=1,,x"; expected a value between any two commas.'],
    ['grpo --set a=1 --set a=2', '--set names a twice; expected it once, with commas between its values.'],
    ['grpo --metric kl', '--metric is no option of a training; `npm run experiment -- --help` explains.'],
    ['list --seed 1', '--seed is no option of list; `npm run experiment -- --help` explains.'],
    ['list all', 'list has "all" behind it; expected nothing.'],
    ['show', 'show has no run behind it; expected one.'],
    ['show a b', 'show has several runs behind it; expected one.'],
    ['compare a', 'compare has "a" alone behind it; expected two settings or more.'],
    [
      'compare a b --metric loss',
      '--metric is "loss"; expected one of accuracy, reward, held_out_accuracy, kl.',
    ],
    ['worker', 'worker has no --redis; expected worker --redis URL, such as redis://127.0.0.1:6379.'],
  ])('refuses "%s" in one sentence', (line, sentence) => {
    expect(() => read(line)).toThrow(new InputError(sentence));
  });

  it('knows the options that npm keeps for itself', () => {
    expect(optionKeptByNpm({ npm_config_seed: '1..5' })).toBe('seed');
    expect(optionKeptByNpm({ npm_config_checkpoint_every: '5' })).toBe('checkpoint-every');
    expect(optionKeptByNpm({ npm_config_cache: 'there', npm_command: 'run' })).toBeUndefined();
  });
});

describe('seeds', () => {
  it('are numbers, ranges and lists of them', () => {
    expect(readSeeds('3')).toEqual([3]);
    expect(readSeeds('1..5')).toEqual([1, 2, 3, 4, 5]);
    expect(readSeeds('1,2,7')).toEqual([1, 2, 7]);
    expect(readSeeds('0..1,9, 4..4')).toEqual([0, 1, 9, 4]);
  });
});

describe('--set', () => {
  it('is JSON where it is JSON, else a list of JSON and texts', () => {
    expect(set('clipRange=0.1')).toEqual({ clipRange: 0.1 });
    expect(set('clipRange=0.1,0.2', 'ppo.lambda=0.9')).toEqual({ clipRange: [0.1, 0.2], 'ppo.lambda': 0.9 });
    expect(set('a=[1,2]', 'b=null,3', 'c=true', 'd={"ddof":1}', 'e={"x":1},{"x":2}')).toEqual({
      a: [1, 2],
      b: [null, 3],
      c: true,
      d: { ddof: 1 },
      e: [{ x: 1 }, { x: 2 }],
    });
    expect(set('schedule=linear,cosine', 'klControl=fixed', 'maxGradNorm=1, Infinity', 'text="1"')).toEqual({
      schedule: ['linear', 'cosine'],
      klControl: 'fixed',
      maxGradNorm: [1, 'Infinity'],
      text: '1',
    });
    expect(set('a=b=c')).toEqual({ a: 'b=c' });
  });

  it('gives any JSON value back', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 2 }), (json) => {
        expect(set(`name=${json}`)).toEqual({ name: JSON.parse(json) });
      }),
    );
  });
});

describe('--config', () => {
  let folder: string;
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lab-config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const request = (line: string) => {
    const options = read(line);
    if (options.kind !== 'run') throw new Error('no training');
    return requestOf(options);
  };

  it('says what the command line does not; of what is set, name by name', () => {
    const filed = { task: 'room', algorithm: 'ppo', seeds: [4], set: { lambda: 0.9, clipRange: [0.1, 0.2] } };
    const path = file('sweep.json', JSON.stringify(filed));
    expect(request(`--config ${path}`)).toEqual(filed);
    expect(request(`grpo --config ${path} --seed 7 --set clipRange=0.3`)).toEqual({
      task: 'room',
      algorithm: ['grpo'],
      seeds: [7],
      set: { lambda: 0.9, clipRange: 0.3 },
    });
  });

  it('is seed 1 unless any is said', () => {
    expect(request('grpo --task room').seeds).toEqual([1]);
  });

  it('is refused in one sentence that names the file', () => {
    const missing = join(folder, 'none.json');
    expect(() => request(`--config ${missing}`)).toThrow(
      `--config is "${missing}", which cannot be read (ENOENT).`,
    );
    expect(() => request(`--config ${file('list.json', '[1]')}`)).toThrow('list.json holds no object;');
    expect(() => request(`--config ${file('cut.json', '{"task": ')}`)).toThrow('cut.json is no JSON: ');
    const typo = file('typo.json', '{"task": "room", "algorithm": "grpo", "sedes": [1]}');
    expect(() => request(`--config ${typo}`)).toThrow(
      `${typo}: sedes is no field of a sweep; did you mean "seeds"?`,
    );
  });
});
