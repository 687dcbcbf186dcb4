import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  fetchSnapshot,
  handOver,
  type Lease,
  LeaseLost,
  provide,
  say,
} from '../../../lib/experiments/queue/handOver';
import { keysOf } from '../../../lib/experiments/queue/runQueue';
import { snapshotOf } from '../../../lib/experiments/queue/snapshot';
import { hasRedis, type RedisForTests, startRedis } from './redisForTests';

const keys = keysOf('c0de');
const run = 'a-run';
const key = keys.snapshot(run);

describe.skipIf(!hasRedis)("a run's way through Redis", () => {
  let redis: RedisForTests;
  let folder: string;
  let lease: Lease;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'run-'));
    lease = { redis: redis.client, keys, run, token: 'own' };
    await redis.client.set(keys.lock(run), 'own');
    write(2);
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await redis.client.flushall();
  });

  /** As a training leaves its folder after a step. */
  function write(step: number): void {
    rmSync(join(folder, 'checkpoints'), { recursive: true, force: true });
    mkdirSync(join(folder, 'checkpoints'));
    writeFileSync(join(folder, 'config.json'), '{}');
    writeFileSync(join(folder, 'progress.csv'), `rows up to ${step}`);
    for (const end of ['json', 'safetensors']) {
      writeFileSync(join(folder, 'checkpoints', `step-00000${step}.${end}`), `${end} of ${step}`);
    }
  }

  const fieldsIn = async () => (await redis.client.hkeys(key)).sort();
  const expectWhole = async () => {
    const snapshot = await fetchSnapshot(redis.client, key, {});
    expect(snapshot).toEqual(snapshotOf(folder, null));
    expect(await fieldsIn()).toEqual(['manifest', ...Object.keys(snapshot!.manifest.files)].sort());
  };

  it('has what the folder has, and no longer what it had', async () => {
    const first = await handOver(lease, folder, null, null);
    await expectWhole();
    write(4);
    await handOver(lease, folder, first, null);
    await expectWhole();
  });

  it('sends what has changed alone', async () => {
    const first = await handOver(lease, folder, null, null);
    await redis.client.hset(key, 'config.json', 'as it was');
    write(4);
    await handOver(lease, folder, first, null);
    expect(await redis.client.hget(key, 'config.json')).toBe('as it was');
    expect(await redis.client.hget(key, 'progress.csv')).toBe('rows up to 4');
  });

  it('fetches what has changed alone', async () => {
    const { files } = await handOver(lease, folder, null, null);
    const own = { 'config.json': files['config.json']! };
    const snapshot = await fetchSnapshot(redis.client, key, own);
    expect([...snapshot!.bytes.keys()].sort()).toEqual(
      Object.keys(files)
        .filter((path) => !(path in own))
        .sort(),
    );
  });

  it.each([
    ['of another', () => redis.client.set(keys.lock(run), 'of another')],
    ['gone', () => redis.client.del(keys.lock(run))],
  ])('changes nothing where the lock is %s', async (_, lose) => {
    const first = await handOver(lease, folder, null, null);
    const before = await redis.client.hgetall(key);
    const news: string[] = [];
    const subscriber = redis.client.duplicate();
    await subscriber.subscribe(keys.channel);
    subscriber.on('message', (_channel, text) => news.push(text));
    await lose();
    write(4);
    await expect(handOver(lease, folder, first, null)).rejects.toThrow(LeaseLost);
    await expect(handOver(lease, folder, null, null)).rejects.toThrow(LeaseLost);
    await expect(say(lease, { run, kind: 'notice', sentence: 'late' })).rejects.toThrow(LeaseLost);
    expect(await redis.client.hgetall(key)).toEqual(before);
    await sleep(50);
    subscriber.disconnect();
    expect(news).toEqual([]);
  });

  it('sends all to a server that has an older snapshot, or none', async () => {
    const first = await handOver(lease, folder, null, null);
    const older = await redis.client.dumpBuffer(key);
    write(4);
    const second = await handOver(lease, folder, first, null);
    await redis.client.restore(key, 0, older!, 'REPLACE');
    writeFileSync(join(folder, 'progress.csv'), 'rows up to 5');
    const third = await handOver(lease, folder, second, null);
    await expectWhole();
    await redis.client.del(key);
    writeFileSync(join(folder, 'progress.csv'), 'rows up to 6');
    await handOver(lease, folder, third, null);
    await expectWhole();
  });

  it('is provided for a job that is not there yet alone', async () => {
    await provide(redis.client, keys, run, snapshotOf(folder, null));
    await expectWhole();
    await redis.client.set(keys.job(run), 'there');
    await provide(redis.client, keys, run, null);
    await expectWhole();
    await redis.client.del(keys.job(run));
    await provide(redis.client, keys, run, null);
    expect(await redis.client.exists(key)).toBe(0);
  });

  it('is not taken where a file is not what it was', async () => {
    await handOver(lease, folder, null, null);
    await redis.client.hset(key, 'progress.csv', 'rows of another');
    expect(await fetchSnapshot(redis.client, key, {})).toBeNull();
  });

  it('never mixes two snapshots', async () => {
    let known = await handOver(lease, folder, null, null);
    let isOver = false;
    const reading = (async () => {
      let reads = 0;
      for (; !isOver; reads++) {
        const { manifest, bytes } = (await fetchSnapshot(redis.client, key, {}))!;
        expect(bytes.get('progress.csv')?.toString()).toBe(`rows up to ${manifest.step}`);
      }
      return reads;
    })();
    for (let step = 3; step <= 9; step++) {
      write(step);
      known = await handOver(lease, folder, known, null);
      await sleep(5);
    }
    isOver = true;
    expect(await reading).toBeGreaterThan(3);
    expect(readFileSync(join(folder, 'progress.csv'), 'utf8')).toBe('rows up to 9');
  });
});
