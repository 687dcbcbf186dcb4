import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { afterAll, describe, expect, it } from 'vitest';
import { additionAnswer } from '../../lib/tasks/arithmetic';
import { readDemonstrations, readQuestions, readStatements } from '../../lib/tasks/corpora';
import { scripts } from '../../lib/workspace/data.mjs';

const folder = mkdtempSync(join(tmpdir(), 'data-'));
mkdirSync(join(folder, 'data'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('npm run data', () => {
  it('makes what is committed, byte for byte', () => {
    const hook = resolve('lib/workspace/typescriptModules.cjs');
    for (const script of scripts) {
      const { status, stderr } = spawnSync(process.execPath, ['--require', hook, resolve(script)], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(status, stderr).toBe(0);
    }
    const files = (path: string) => readdirSync(path, { recursive: true, encoding: 'utf8' });
    const made = files(join(folder, 'data')).filter((file) => /\.\w+$/u.test(file));
    expect(made.sort()).toEqual([
      'arithmetic/demonstrations.jsonl',
      'arithmetic/questions.jsonl',
      'arithmetic/statements.txt',
      'rankings.jsonl',
    ]);
    for (const file of made) {
      expect(
        readFileSync(join(folder, 'data', file), 'utf8') === readFileSync(join('data', file), 'utf8'),
        file,
      ).toBe(true);
    }
  });
});

describe('data/arithmetic', async () => {
  const questions = await readQuestions('data/arithmetic/questions.jsonl');
  const statements = await readStatements('data/arithmetic/statements.txt');
  const demonstrations = await readDemonstrations('data/arithmetic/demonstrations.jsonl');
  const train = questions.filter(({ split }) => split === 'train');

  it('asks for each sum of two digits, and holds a fifth out', () => {
    expect(new Set(questions.map(({ query }) => query)).size).toBe(100);
    for (const { query, answer } of questions) expect(answer).toBe(String(additionAnswer(query)));
    expect(train).toHaveLength(80);
  });

  it('tells of the training questions alone, and of each of them', () => {
    const trained = new Set(train.map(({ query }) => query));
    expect(new Set(statements.map((text) => `What is ${text.split(' ')[0]}?`))).toEqual(trained);
    expect(new Set(demonstrations.map(({ query }) => query))).toEqual(trained);
  });

  it('answers the question that each demonstration asks', () => {
    for (const { query, response } of demonstrations) {
      expect(`What is ${response.split(' ')[0]}?`).toBe(query);
    }
  });
});
