import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { InputError } from '../../lib/errors/inputError';
import { readDemonstrations, readQuestions, readStatements } from '../../lib/tasks/corpora';

const folder = mkdtempSync(join(tmpdir(), 'corpora-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(...lines: (string | object)[]): string {
  const path = join(folder, 'some.jsonl');
  writeFileSync(
    path,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return path;
}

it('reads a statement a line, and passes over empty ones', async () => {
  expect(await readStatements(file('2+2 is 4', '', '2+3 is 6\r', ' '))).toEqual(['2+2 is 4', '2+3 is 6']);
  await expect(readStatements(file('\n'))).rejects.toThrow('some.jsonl holds no statements.');
  await expect(readStatements('none.txt')).rejects.toThrow('none.txt cannot be read: there is no such file.');
});

it('reads the named fields of demonstrations and questions, and passes over others', async () => {
  const demonstration = { query: 'What is 2+2?', response: '2+2 is 4' };
  expect(await readDemonstrations(file({ ...demonstration, author: 'Mira' }))).toEqual([demonstration]);
  const question = { query: 'What is 2+2?', answer: '4', split: 'held out' };
  expect(await readQuestions(file({ ...question, level: 1 }))).toEqual([question]);
});

it.each([
  [{ response: '4' }, '"query" is missing'],
  [{ query: 'q', response: '' }, '"response" is ""; expected a text that is not empty'],
  ['{"query"', 'it is not JSON'],
])('names the bad demonstration %j', async (bad, reason) => {
  const read = readDemonstrations(file({ query: 'q', response: 'r' }, bad));
  await expect(read).rejects.toThrow(InputError);
  await expect(read).rejects.toThrow(`some.jsonl: 1 of 2 lines is not a demonstration:\n  line 2: ${reason}`);
});

it.each([
  [{ query: 'q', split: 'train' }, '"answer" is missing'],
  [{ query: 'q', answer: 4, split: 'train' }, '"answer" is 4; expected a text that is not empty'],
  [{ query: 'q', answer: '4' }, '"split" is undefined; expected "train" or "held out"'],
  [{ query: 'q', answer: '4', split: 'test' }, '"split" is "test"; expected "train" or "held out"'],
])('names the bad question %j', async (bad, reason) => {
  const read = readQuestions(file(bad));
  await expect(read).rejects.toThrow(InputError);
  await expect(read).rejects.toThrow(`some.jsonl: 1 of 1 lines is not a question:\n  line 1: ${reason}`);
});
