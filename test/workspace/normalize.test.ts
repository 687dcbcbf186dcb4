import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  findMachinePath,
  formatNotebook,
  type Notebook,
  normalize,
  type Output,
  withoutOutputs,
} from '../../lib/workspace/runner/normalize.mjs';

function notebook(...outputs: Output[]): Notebook {
  return {
    cells: [
      { cell_type: 'markdown', id: 'title', metadata: {}, source: '# Title\n\ntext' },
      { cell_type: 'code', id: 'first', execution_count: 7, metadata: {}, source: 'a\nb', outputs },
    ],
    metadata: { kernelspec: { name: 'tslab-workspace' } },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

const outputsOf = (result: Notebook) => result.cells[1]?.outputs;
const stream = (name: string, text: string): Output => ({ output_type: 'stream', name, text });
const shown = (data: Record<string, unknown>, metadata: Record<string, unknown> = {}): Output => ({
  output_type: 'display_data',
  data,
  metadata,
});

const text = fc.string({ unit: fc.constantFrom('a', 'é', '\n', '\r', ' ', '"', '\\') });
const anyText = fc.oneof(
  text,
  text.map((all) => all.split(/(?<=\n)/)),
);
const anyOutput: fc.Arbitrary<Output> = fc.oneof(
  fc.record({
    output_type: fc.constant('stream'),
    name: fc.constantFrom('stdout', 'stderr'),
    text: anyText,
  }),
  fc.record({
    output_type: fc.constantFrom('display_data', 'execute_result'),
    data: fc.record({
      'text/plain': anyText,
      'application/vnd.plotly.v1+json': fc.dictionary(fc.string(), fc.jsonValue()),
    }),
    metadata: fc.record({ lab: fc.record({ volatile: fc.boolean() }) }, { requiredKeys: [] }),
  }),
);
const anyNotebook = fc.array(anyOutput).map((outputs) => notebook(...outputs));

/** The same text in pieces, as messages bring it. */
function pieces(whole: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length].sort((a, b) => a - b);
  return places.slice(1).map((end, i) => whole.slice(places[i], end));
}

function reversedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversedKeys);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, item]) => [key, reversedKeys(item)]);
  return Object.fromEntries(entries.reverse());
}

describe('normalize', () => {
  it('changes nothing when applied again', () => {
    fc.assert(
      fc.property(anyNotebook, (given) => {
        const once = normalize(given);
        expect(normalize(once)).toEqual(once);
        expect(formatNotebook(JSON.parse(formatNotebook(once)))).toBe(formatNotebook(once));
      }),
    );
  });

  it('gives the same bytes however a stream was cut into messages', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(50)), (whole, cuts) => {
        fc.pre(whole !== '');
        const cut = notebook(...pieces(whole, cuts).map((piece) => stream('stdout', piece)));
        const expected = normalize(notebook(stream('stdout', whole)));
        expect(formatNotebook(normalize(cut))).toBe(formatNotebook(expected));
      }),
    );
  });

  it('gives the same bytes whatever the order of keys', () => {
    fc.assert(
      fc.property(anyNotebook, (given) => {
        const other = reversedKeys(given) as Notebook;
        expect(formatNotebook(normalize(other))).toBe(formatNotebook(normalize(given)));
      }),
    );
  });

  it('leaves its argument as it was', () => {
    fc.assert(
      fc.property(anyNotebook, (given) => {
        const before = structuredClone(given);
        normalize(given);
        expect(given).toEqual(before);
      }),
    );
  });

  it('keeps the order of streams that alternate', () => {
    const result = normalize(notebook(stream('stdout', 'a\n'), stream('stderr', 'b'), stream('stdout', 'c')));
    expect(outputsOf(result)).toEqual([
      { output_type: 'stream', name: 'stdout', text: ['a\n'] },
      { output_type: 'stream', name: 'stderr', text: ['b'] },
      { output_type: 'stream', name: 'stdout', text: ['c'] },
    ]);
  });

  it('drops execution counts, times, volatile outputs and display ids, and keeps the rest', () => {
    const given = notebook(
      shown({ 'text/plain': '3 s' }, { lab: { volatile: true } }),
      {
        ...shown({ 'text/plain': 'a\nb' }, { lab: { csv: 'data/x.csv' } }),
        transient: { display_id: 'random' },
      },
      { output_type: 'execute_result', execution_count: 7, data: { 'text/plain': '42' }, metadata: {} },
    );
    const [title, code] = given.cells;
    if (title && code) {
      title.metadata = { tags: ['intro'] };
      code.metadata = { execution: { 'iopub.status.busy': '2024-01-01T00:00:00Z' }, tags: ['kept'] };
    }
    given.metadata.language_info = { name: 'typescript', version: '3.7.2', file_extension: '.ts' };
    expect(normalize(given)).toEqual({
      cells: [
        {
          cell_type: 'markdown',
          id: 'title',
          metadata: { tags: ['intro'] },
          source: ['# Title\n', '\n', 'text'],
        },
        {
          cell_type: 'code',
          id: 'first',
          execution_count: null,
          metadata: { tags: ['kept'] },
          source: ['a\n', 'b'],
          outputs: [
            shown({ 'text/plain': ['a\n', 'b'] }, { lab: { csv: 'data/x.csv' } }),
            {
              output_type: 'execute_result',
              execution_count: null,
              data: { 'text/plain': ['42'] },
              metadata: {},
            },
          ],
        },
      ],
      metadata: {
        kernelspec: { name: 'tslab-workspace' },
        language_info: { name: 'typescript', file_extension: '.ts' },
      },
      nbformat: 4,
      nbformat_minor: 5,
    });
  });

  it('is laid out as Jupyter does: one space of indentation, keys in order, a line feed at the end', () => {
    const formatted = formatNotebook(normalize(notebook()));
    expect(formatted.split('\n').slice(0, 4)).toEqual([
      '{',
      ' "cells": [',
      '  {',
      '   "cell_type": "markdown",',
    ]);
    expect(formatted).toMatch(/ "nbformat_minor": 5\n\}\n$/);
  });
});

it('withoutOutputs keeps the cells and drops what they showed', () => {
  expect(withoutOutputs(notebook(stream('stdout', 'old')))).toEqual(normalize(notebook()));
});

describe('findMachinePath', () => {
  const folders = ['/home/ada/lab', '/tmp'];

  it.each([
    ['a stream', stream('stdout', 'wrote /home/ada/lab/data/x.csv\n')],
    ['lines of text', shown({ 'text/plain': ['in\n', '/home/ada/lab'] })],
    ['a link', shown({ 'text/html': '<a href="/home/ada/lab/x.csv">x</a>' })],
    ['metadata', shown({ 'text/plain': '' }, { lab: { csv: '/home/ada/lab/x.csv' } })],
  ])('finds a folder of this machine in %s', (_, output) => {
    expect(findMachinePath(notebook(stream('stdout', 'fine'), output), folders)).toEqual({
      index: 1,
      folder: '/home/ada/lab',
    });
  });

  it('lets relative paths, longer names and images pass', () => {
    const innocent = notebook(
      stream('stdout', 'data/tmp/x.csv ../home/ada/lab /tmpfs /home/ada/laboratory'),
      shown({ 'image/png': 'AAA= /tmp/ AAA=', 'text/plain': 'a figure' }),
    );
    expect(findMachinePath(innocent, folders)).toBeUndefined();
  });
});
