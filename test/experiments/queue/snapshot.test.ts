import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { snapshotOf, writeSnapshot } from '../../../lib/experiments/queue/snapshot';

describe('a snapshot', () => {
  let from: string;
  let to: string;
  beforeEach(() => {
    from = mkdtempSync(join(tmpdir(), 'from-'));
    to = mkdtempSync(join(tmpdir(), 'to-'));
  });
  afterEach(() => {
    for (const folder of [from, to]) rmSync(folder, { recursive: true });
  });

  function put(folder: string, ...paths: readonly string[]): void {
    for (const path of paths) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), `what ${path} holds`);
    }
  }
  const listed = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.includes('.'))
      .sort();
  const checkpoint = (step: number) =>
    ['safetensors', 'json'].map((end) => `checkpoints/step-00000${step}.${end}`);

  it('has what a run keeps, and nothing that is only passing', () => {
    const kept = ['config.json', 'progress.csv', 'events.out.tfevents.lab', ...checkpoint(2)];
    put(from, ...kept, '.lock', 'summary.json.1234567', 'checkpoints/step-000003.json.77');
    const { manifest } = snapshotOf(from, null);
    expect(manifest.step).toBe(2);
    expect(Object.keys(manifest.files).sort()).toEqual([...kept].sort());
  });

  it('leaves a checkpoint out of which one half is missing', () => {
    put(from, ...checkpoint(2), 'checkpoints/step-000003.json', 'checkpoints/step-000004.safetensors');
    expect(snapshotOf(from, null).manifest.step).toBe(2);
  });

  it('takes a folder over, and old checkpoints away', async () => {
    put(
      from,
      'config.json',
      'progress.csv',
      'progress.jsonl',
      'summary.json',
      ...checkpoint(2),
      ...checkpoint(4),
    );
    put(to, 'config.json', '.lock', ...checkpoint(1));
    await writeSnapshot(to, snapshotOf(from, null));
    expect(listed(to)).toEqual([...listed(from), '.lock'].sort());
    expect(readFileSync(join(to, 'progress.csv'), 'utf8')).toBe('what progress.csv holds');
  });

  it('writes the logs before the checkpoints, and the summary last', async () => {
    const paths = [
      'summary.json',
      ...checkpoint(2).reverse(),
      'progress.jsonl',
      'completions.csv',
      'config.json',
    ];
    put(from, ...paths);
    const { manifest, bytes } = snapshotOf(from, null);
    const order: string[] = [];
    const watched = new Map(bytes);
    watched.get = (path) => {
      order.push(path);
      return bytes.get(path);
    };
    await writeSnapshot(to, { manifest, bytes: watched });
    expect(order).toEqual([
      'config.json',
      expect.stringMatching(/jsonl|csv/),
      expect.stringMatching(/jsonl|csv/),
      ...checkpoint(2),
      'summary.json',
    ]);
  });
});
