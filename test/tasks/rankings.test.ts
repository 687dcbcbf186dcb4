import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../lib/math/random';
import {
  holdOutQueries,
  pairwiseAccuracy,
  parseRankings,
  rankedPairs,
  readRankings,
} from '../../lib/tasks/rankings';

const folder = mkdtempSync(join(tmpdir(), 'rankings-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const ours = { query: 'What is 2+2?', responses: ['4', '5', 'blue'], ranks: [1, 2, 2] };
const trl = { prompt: 'What is 2+2?', chosen: '4', rejected: '5' };
const lines = (...records: unknown[]) => records.map((record) => JSON.stringify(record)).join('\n');

describe('readRankings', () => {
  it('reads our format, with and without what simulated annotators add', async () => {
    const simulated = { ...ours, kinds: ['right', 'near', 'off'], qualities: [1, 0.5, 0], temperature: 0.1 };
    expect(await readRankings(file('ours.jsonl', lines(ours, simulated)))).toEqual([ours, simulated]);
  });

  it("reads TRL's preferences as rankings of two", async () => {
    const expected = { query: 'What is 2+2?', responses: ['4', '5'], ranks: [1, 2] };
    const chat = {
      prompt: [{ role: 'user', content: 'What is 2+2?' }],
      chosen: [{ role: 'assistant', content: '4' }],
      rejected: [{ role: 'assistant', content: '5' }],
      score_chosen: 9,
    };
    expect(await readRankings(file('trl.jsonl', lines(trl, chat)))).toEqual([expected, expected]);
  });

  it('reads gzip, empty lines, Windows line ends and a byte order mark', async () => {
    const text = `\ufeff${JSON.stringify(ours)}\r\n\r\n${JSON.stringify(ours)}\r\n`;
    expect(await readRankings(file('a.jsonl.gz', gzipSync(text)))).toEqual([ours, ours]);
    expect(await readRankings(file('a.jsonl', text))).toHaveLength(2);
  });

  it('says in a sentence that a file is missing or cut off', async () => {
    await expect(readRankings(join(folder, 'none.jsonl'))).rejects.toThrow(
      'none.jsonl cannot be read: there is no such file',
    );
    const whole = gzipSync(lines(ours));
    await expect(readRankings(file('cut.jsonl.gz', whole.subarray(0, whole.length - 12)))).rejects.toThrow(
      'cut.jsonl.gz cannot be unpacked',
    );
    await expect(readRankings(file('empty.jsonl', '\n'))).rejects.toThrow('empty.jsonl holds no rankings');
  });

  it.each([
    ['{"query": ', 'it is not JSON'],
    ['[1, 2]', 'expected an object, found [1,2]'],
    [{ text: 'hello' }, 'expected the fields query, responses and ranks, or prompt, chosen and rejected'],
    [{ ...ours, query: ' ' }, '"query" is " "; expected a text that is not empty'],
    [{ query: 'q', ranks: [1] }, '"responses" is missing'],
    [{ ...ours, responses: 'one' }, '"responses" is "one"; expected a list of texts'],
    [{ ...ours, responses: ['4', 5, 'x'] }, '"responses"[1] is 5; expected a list of texts'],
    [{ ...ours, responses: ['4'], ranks: [1] }, '"responses" has 1; expected at least 2'],
    [{ ...ours, ranks: [1, 2] }, '"ranks" has 2 entries for 3 responses'],
    [{ ...ours, ranks: [1, 2, null] }, '"ranks"[2] is null; expected a list of whole numbers from 1'],
    [{ ...ours, ranks: [0, 1, 2] }, '"ranks"[0] is 0; expected a list of whole numbers from 1'],
    [{ ...ours, ranks: [2, 2, 2] }, '"ranks" are all equal: there is no better response'],
    [{ ...ours, qualities: [1, 0] }, '"qualities" has 2 entries for 3 responses'],
    [{ ...ours, temperature: 0 }, '"temperature" is 0; expected a number above 0'],
    [{ prompt: 'q', chosen: 'a' }, '"rejected" is missing'],
    [{ ...trl, prompt: [{ role: 'user' }] }, '"prompt"[0] is {"role":"user"}; expected a message'],
  ])('names the bad line %j', (bad, reason) => {
    const text = `${lines(ours)}\n${typeof bad === 'string' ? bad : lines(bad)}\n${lines(ours)}`;
    expect(() => parseRankings(text, 'some.jsonl')).toThrow(
      'some.jsonl: 1 of 3 lines is not a ranking:\n  line 2: ',
    );
    expect(() => parseRankings(text, 'some.jsonl')).toThrow(reason);
  });

  it('tells of the first bad lines, and how many there are', () => {
    const text = `${'{}\n'.repeat(7)}${lines(ours)}`;
    let message = '';
    try {
      parseRankings(text, 'x');
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^x: 7 of 8 lines are not rankings:\n {2}line 1: /);
    expect(message.split('\n')).toHaveLength(7);
    expect(message).toContain('line 5: ');
    expect(message).toContain('and 2 more');
  });
});

describe('rankedPairs', () => {
  it('gives each pair once, better first, and none for ties', () => {
    expect(rankedPairs([2, 1, 2])).toEqual([
      [1, 0],
      [1, 2],
    ]);
  });

  it('gives n(n−1)/2 pairs for distinct ranks', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { maxLength: 9 }), (ranks) => {
        expect(rankedPairs(ranks)).toHaveLength((ranks.length * (ranks.length - 1)) / 2);
      }),
    );
  });
});

it('counts the pairs in the right order, over all rankings', () => {
  const rankings = [{ ranks: [1, 2, 3] }, { ranks: [2, 1] }];
  expect(
    pairwiseAccuracy(
      [
        [3, 2, 1],
        [0, 1],
      ],
      rankings,
    ),
  ).toBe(1);
  expect(
    pairwiseAccuracy(
      [
        [3, 1, 2],
        [0, 0],
      ],
      rankings,
    ),
  ).toBe(0.5);
});

describe('holdOutQueries', () => {
  const rankings = Array.from({ length: 30 }, (_, i) => ({ ...ours, query: `query ${i % 10}` }));

  it('keeps all rankings, and no query on both sides', () => {
    const { train, heldOut } = holdOutQueries(rankings, 0.2, seededRandom(1));
    const queries = (side: typeof train) => new Set(side.map(({ query }) => query));
    expect(train.length + heldOut.length).toBe(30);
    expect(queries(heldOut).size).toBe(2);
    for (const query of queries(heldOut)) expect(queries(train)).not.toContain(query);
  });

  it('chooses by the seed', () => {
    const chosen = (seed: number) =>
      holdOutQueries(rankings, 0.2, seededRandom(seed)).heldOut.map(({ query }) => query);
    expect(chosen(1)).toEqual(chosen(1));
    expect(new Set([1, 2, 3, 4].map((seed) => chosen(seed).join())).size).toBeGreaterThan(1);
  });
});
