import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkNotebook, listNotebooks, selectNotebooks } from '../../lib/workspace/runner/notebooks.mjs';
import { parseOptions } from '../../lib/workspace/runner/options.mjs';

const parse = (args: string, env = {}) =>
  parseOptions(args.split(' ').filter(Boolean), env, '/default/results');

describe('the command line', () => {
  it('runs everything with the defaults where nothing is said', () => {
    expect(parse('')).toMatchObject({
      names: [],
      parameters: { quick: false, overrides: {} },
      out: '/default/results',
      write: false,
    });
    expect(parse('').parameters).not.toHaveProperty('seed');
  });

  it('reads names, numbers and values', () => {
    const given =
      '04 05-value --quick --seed 7 --jobs 1 --out /x --set discount=0.5 --set label=a=b --set on=true';
    expect(parse(given)).toEqual({
      names: ['04', '05-value'],
      parameters: { quick: true, seed: 7, overrides: { discount: 0.5, label: 'a=b', on: true } },
      jobs: 1,
      out: '/x',
      write: false,
      help: false,
    });
  });

  it.each([
    ['--fast', "Unknown option '--fast'; `npm run reproduce -- --help` lists the options."],
    ['--seed', "Option '--seed <value>' argument missing; `npm run reproduce -- --help` lists the options."],
    ['--seed one', '--seed is "one"; expected a whole number of at least 0.'],
    ['--seed=-1', '--seed is "-1"; expected a whole number of at least 0.'],
    ['--jobs 0', '--jobs is "0"; expected a whole number of at least 1.'],
    ['--jobs 1.5', '--jobs is "1.5"; expected a whole number of at least 1.'],
    ['--set discount', '--set is "discount"; expected name=value, such as discount=0.8.'],
    ['--write --quick', '--write keeps what runs with the defaults: leave out --quick.'],
    ['--write --seed 2', '--write keeps what runs with the defaults: leave out --seed.'],
    ['--write --set a=1', '--write keeps what runs with the defaults: leave out --set.'],
    ['--write --out x', '--write keeps what runs with the defaults: leave out --out.'],
  ])('refuses %s in one sentence', (args, sentence) => {
    expect(() => parse(args)).toThrow(new Error(sentence));
  });

  it('writes back the results of the native engine alone', () => {
    expect(parse('--write', { LAB_ENGINE: 'native' }).write).toBe(true);
    expect(() => parse('--write', { LAB_ENGINE: 'wasm' })).toThrow('leave out LAB_ENGINE=wasm');
  });

  it('notices an option that npm kept because the -- was left out', () => {
    expect(() => parse('', { npm_config_quick: 'true' })).toThrow('write `npm run reproduce -- --quick …`');
  });
});

describe('the choice of notebooks', () => {
  const notebooks = ['01-policies', '04-reward-model', '05-value-model', '10-value-sweep'].map((name) => ({
    name,
    path: `notebooks/${name}.ipynb`,
  }));
  const select = (...names: string[]) => selectNotebooks(names, notebooks).map(({ name }) => name);

  it.each([
    ['4', ['04-reward-model']],
    ['04', ['04-reward-model']],
    ['04-rew', ['04-reward-model']],
    ['reward', ['04-reward-model']],
    ['04-reward-model.ipynb', ['04-reward-model']],
    ['notebooks/04-reward-model.ipynb', ['04-reward-model']],
    ['value', ['05-value-model', '10-value-sweep']],
    ['1', ['01-policies']],
  ])('%s selects %j', (name, expected) => {
    expect(select(name)).toEqual(expected);
  });

  it('runs each selected notebook once, in the notebooks’ order; all of them where none is named', () => {
    expect(select('10', '01', 'policies')).toEqual(['01-policies', '10-value-sweep']);
    expect(select()).toHaveLength(4);
  });

  it('names the nearest notebooks of an unknown one', () => {
    expect(() => select('05-valeu')).toThrow(
      'There is no notebook "05-valeu"; the nearest names are 05-value-model, ',
    );
    expect(() => select('6')).toThrow('There is no notebook "6"');
    expect(() => selectNotebooks([], [])).toThrow('There are no notebooks to run.');
  });
});

describe('the files of notebooks', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'notebooks-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are the .ipynb files of a folder, in order', () => {
    for (const file of ['b.ipynb', 'a.ipynb', 'notes.md']) writeFileSync(join(folder, file), '');
    expect(listNotebooks(folder).map(({ name }) => name)).toEqual(['a', 'b']);
    expect(listNotebooks(join(folder, 'missing'))).toEqual([]);
  });

  it.each([
    ['half a file', '{"cells": [', 'is not a notebook: '],
    ['another format', '{"nbformat": 3, "worksheets": []}', 'is a notebook of format 3; expected 4'],
  ])('%s is refused by name', (_, content, words) => {
    const path = join(folder, 'a.ipynb');
    writeFileSync(path, content);
    expect(() => checkNotebook({ name: 'a', path })).toThrow(`${path} ${words}`);
  });
});
