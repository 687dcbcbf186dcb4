import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { CompletionRow } from '../../../lib/algorithms/rollouts/completionRows';
import { planSweep } from '../../../lib/experiments/config/planSweep';
import { readCompletions } from '../../../lib/experiments/run/readCompletions';
import { openRunLogs } from '../../../lib/experiments/run/runLogs';

const folder = mkdtempSync(join(tmpdir(), 'lab-completions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('reads what a run said, texts as texts and all else as numbers', () => {
  expect(readCompletions(folder)).toEqual([]);
  const [spec] = planSweep({ task: 'room', algorithm: 'grpo', seeds: [3] }).specs;
  const said = (step: number, response: string): CompletionRow => ({
    step,
    trajectory: 0,
    query: '12',
    response,
    reward: -1e-7,
    advantage: 0,
    length: 2,
    ended: 1,
    score_exit: 1,
  });
  const rows = [said(1, 'a, "b"'), said(1, ''), said(2, '7')];
  const logs = openRunLogs(folder, spec!, 0);
  const row = (step: number) => ({ step, reward: 0, accuracy: null, entropy: 1 });
  logs.append(row(1), {}, rows.slice(0, 2));
  logs.append(row(2), {}, rows.slice(2));
  logs.close();
  expect(readCompletions(folder)).toEqual(rows);
});
