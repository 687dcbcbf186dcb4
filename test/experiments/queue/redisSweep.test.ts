import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { sweepByRedis } from '../../../lib/experiments/queue/redisSweep';
import { type RedisWorkerOptions, redisWorker } from '../../../lib/experiments/queue/redisWorker';
import { keysOf } from '../../../lib/experiments/queue/runQueue';
import type { RunSpec } from '../../../lib/experiments/run/runSpec';
import type { SweepEvent } from '../../../lib/experiments/sweep/sweepEvent';
import { hasRedis, leftIn, type RedisForTests, startRedis } from './redisForTests';
import { stubRows, stubSpec, stubTraining } from './stubTraining';

const code = 'c0de';
const keys = keysOf(code);

describe.skipIf(!hasRedis)('a sweep by Redis', () => {
  let redis: RedisForTests;
  let runs: string;
  const ends: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(() => {
    runs = mkdtempSync(join(tmpdir(), 'runs-'));
  });
  afterEach(async () => {
    await Promise.all(ends.splice(0).map((end) => end()));
    rmSync(runs, { recursive: true });
    await redis.client.flushall();
  });

  /** @returns what it tells, and what ends it */
  function work(options: Partial<RedisWorkerOptions> = {}) {
    const told: string[] = [];
    const stop = new AbortController();
    const worker = redisWorker({
      url: redis.url,
      workers: 2,
      tell: (sentence) => told.push(sentence),
      signal: stop.signal,
      code,
      takeoverAfter: 1000,
      start: () => stubTraining(),
      ...options,
    });
    const end = () => {
      stop.abort();
      return worker;
    };
    ends.push(end);
    return { told, end };
  }

  const sweep = (specs: readonly RunSpec[]) =>
    sweepByRedis(specs, { runs, url: redis.url, code, checkEvery: 200 });

  async function collected(specs: readonly RunSpec[], hear: (event: SweepEvent) => void = () => undefined) {
    const events: SweepEvent[] = [];
    for await (const event of sweep(specs)) {
      events.push(event);
      hear(event);
    }
    return events;
  }

  const expectNothingLeft = () =>
    vi.waitFor(async () => expect(await leftIn(redis)).toEqual([]), { timeout: 10_000, interval: 50 });

  function expectWhole(events: readonly SweepEvent[], specs: readonly RunSpec[]): void {
    for (const { name, seed, config } of specs) {
      const steps = Number(config.steps);
      const of = events.filter(({ run }) => run === name);
      const ended = of.flatMap((event) => (event.kind === 'ended' ? event.summary.status : []));
      expect(ended).toEqual(['done']);
      const told = of.flatMap((event) => (event.kind === 'row' ? event.row.step : []));
      expect(told).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
      for (const file of ['progress.csv', 'progress.jsonl', 'completions.csv']) {
        expect(readFileSync(join(runs, name, file), 'utf8')).toBe(stubRows(seed, steps));
      }
      expect(JSON.parse(readFileSync(join(runs, name, 'summary.json'), 'utf8'))).toMatchObject({
        step: steps,
      });
      const last = `step-${String(steps).padStart(6, '0')}`;
      expect(readdirSync(join(runs, name, 'checkpoints')).sort()).toEqual([
        `${last}.json`,
        `${last}.safetensors`,
      ]);
      expect(existsSync(join(runs, name, '.lock'))).toBe(false);
    }
  }

  it('ends each run once, with its rows in order, and leaves nothing in Redis', async () => {
    const specs = [1, 2, 3, 4, 5].map((seed) => stubSpec(seed));
    work();
    work();
    expectWhole(await collected(specs), specs);
    await expectNothingLeft();
  });

  it('has runs that were done before end at once', async () => {
    const specs = [stubSpec(1), stubSpec(2)];
    const { end } = work();
    await collected(specs);
    await end();
    const again = await collected(specs);
    expect(again.map(({ kind }) => kind)).toEqual(['ended', 'ended']);
  });

  it('goes on from what its folder has', async () => {
    const spec = stubSpec(1, { steps: 40, stepTime: 10 });
    const { end } = work();
    for await (const event of sweep([spec])) if (event.kind === 'checkpoint' && event.step >= 8) break;
    expect(await redis.client.exists(keys.job(spec.name), keys.snapshot(spec.name))).toBe(0);
    await end();
    work();
    const events = await collected([spec]);
    const [first] = events;
    expect(first).toMatchObject({ kind: 'started' });
    expect(first?.kind === 'started' && first.from).toBeGreaterThanOrEqual(8);
    expect(readFileSync(join(runs, spec.name, 'progress.csv'), 'utf8')).toBe(stubRows(1, 40));
  });

  it('retries where a training process was killed, from its last checkpoint', async () => {
    const specs = [stubSpec(1)];
    let kills = 0;
    work({
      start: () => {
        const process = stubTraining((_, step) => {
          if (step === 5 && kills++ < 2) process.end();
        });
        return process;
      },
    });
    const events = await collected(specs);
    expectWhole(events, specs);
    expect(events.filter(({ kind }) => kind === 'notice')).toHaveLength(2);
    expect(events.flatMap((event) => (event.kind === 'started' ? event.from : []))).toEqual([0, 4, 4]);
  });

  it('gives a run up whose process ends again and again without a step in between', async () => {
    const specs = [stubSpec(1)];
    work({
      start: () => {
        const process = stubTraining();
        process.end();
        return process;
      },
    });
    const events = await collected(specs);
    expect(events.at(-1)).toMatchObject({
      kind: 'ended',
      summary: { status: 'failed', reason: expect.stringContaining('10 times without a step in between') },
    });
  });

  it('gives jobs of a worker that stops to another one', async () => {
    const specs = [stubSpec(1, { steps: 30, stepTime: 20 })];
    const { end } = work();
    let wasEnded = false;
    const since = Date.now();
    const events = await collected(specs, (event) => {
      if (wasEnded || event.kind !== 'checkpoint' || event.step < 10) return;
      wasEnded = true;
      void end().then(() => work());
    });
    expectWhole(events, specs);
    expect(events.some((event) => event.kind === 'started' && event.from >= 10)).toBe(true);
    expect(Date.now() - since).toBeLessThan(5000);
  });

  it('gives a job to one of two that both believe to have it', async () => {
    const specs = [stubSpec(1, { steps: 30, stepTime: 20 })];
    const first = work({ workers: 1 });
    let wasTaken = false;
    const events = await collected(specs, (event) => {
      if (event.kind !== 'checkpoint' || event.step < 10 || wasTaken) return;
      wasTaken = true;
      // as if the first worker had been away for longer than its lock lasts
      void redis.client.set(keys.lock(event.run), 'of another', 'PX', 1500);
      work({ workers: 1 });
    });
    expectWhole(events, specs);
    expect(first.told.join()).toContain("is no longer this worker's");
  });

  it('outlives a server that comes back without anything', async () => {
    const specs = [1, 2, 3].map((seed) => stubSpec(seed, { steps: 30, stepTime: 20 }));
    const { told } = work();
    let wasKilled = false;
    const events = await collected(specs, (event) => {
      if (event.kind !== 'checkpoint' || event.step < 10 || wasKilled) return;
      wasKilled = true;
      void redis.restart({ forget: true, downFor: 700 });
    });
    expectWhole(events, specs);
    const notices = events.flatMap((event) => (event.kind === 'notice' ? event.sentence : []));
    expect(notices.filter((sentence) => sentence.includes('is lost'))).toHaveLength(1);
    expect(notices.join()).toMatch(/the queue has lost it; it goes on from step \d+\./);
    expect(told.filter((sentence) => sentence.includes('is lost'))).toHaveLength(1);
  });

  it('outlives a server that comes back with what there was some time ago', async () => {
    // the second ends between the dump and the end of the server
    const specs = [stubSpec(1, { steps: 40, stepTime: 20 }), stubSpec(2, { steps: 14, stepTime: 20 })];
    const { told } = work();
    let wasKilled = false;
    const events = await collected(specs, (event) => {
      if (event.kind !== 'checkpoint' || event.step < 10 || wasKilled) return;
      wasKilled = true;
      void redis.client
        .save()
        .then(() => sleep(300))
        .then(() => redis.restart({ forget: false, downFor: 100 }));
    });
    expectWhole(events, specs);
    expect(told.filter((sentence) => sentence.includes('is lost'))).toHaveLength(1);
    await expectNothingLeft();
  });

  it('collects what ended while it was away', async () => {
    const specs = [stubSpec(1, { steps: 30, stepTime: 20 }), stubSpec(2)];
    work();
    // a queue as a killed submitter leaves it
    const abandoned = sweep(specs);
    await abandoned.next();
    const client = redis.client;
    await vi.waitFor(
      async () => {
        const ended = await Promise.all(specs.map(({ name }) => client.exists(keys.job(name))));
        expect(ended).toEqual([0, 0]);
      },
      { timeout: 5000, interval: 20 },
    );
    void abandoned;
    await sleep(300);
    const events = await collected(specs);
    expect(events.filter(({ kind }) => kind === 'ended')).toHaveLength(2);
    expect(events.filter(({ kind }) => kind === 'started')).toHaveLength(0);
    await abandoned.return();
  });

  it('tells both sides where the code differs', async () => {
    const { told } = work({ code: 'other' });
    const sweeping = collected([stubSpec(1)], () => undefined);
    await vi.waitFor(
      () =>
        expect(told).toContain(
          "runs of another version of the lab's code, c0de, are asked for; this worker has other and takes none of them.",
        ),
      { timeout: 7000, interval: 50 },
    );
    work();
    await sweeping;
  });

  it('notices that no worker is there', async () => {
    vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true });
    try {
      const sweeping = sweep([stubSpec(1)]);
      const first = sweeping.next();
      await sleep(500);
      vi.setSystemTime(Date.now() + 11_000);
      const { value } = await first;
      expect(value).toMatchObject({
        kind: 'notice',
        sentence: expect.stringMatching(/^no worker has taken a run for 10 seconds; .* code, c0de\?$/),
      });
      await sweeping.return();
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends by a signal while nothing happens, and takes what waits along', async () => {
    const stop = new AbortController();
    const options = { runs, url: redis.url, code, checkEvery: 200, signal: stop.signal };
    const events = sweepByRedis([stubSpec(1)], options).next();
    await vi.waitFor(async () => expect(await redis.client.llen(keys.own('wait'))).toBe(1));
    stop.abort();
    expect(await events).toEqual({ done: true, value: undefined });
    expect(await redis.client.llen(keys.own('wait'))).toBe(0);
  });

  it('tells once what Redis refuses, and goes on when it no longer does', async () => {
    await redis.client.config('SET', 'maxmemory', '1');
    const { told } = work();
    let refusals = 0;
    const events = await collected([stubSpec(1)], (event) => {
      if (event.kind !== 'notice' || !event.sentence.startsWith('Redis refuses: ')) return;
      refusals += 1;
      void sleep(700).then(() => redis.client.config('SET', 'maxmemory', '0'));
    });
    expectWhole(events, [stubSpec(1)]);
    expect(refusals).toBe(1);
    expect(told.filter((sentence) => sentence.includes('OOM')).length).toBeLessThanOrEqual(1);
  });

  it('writes nothing to the console', async () => {
    const methods = ['log', 'info', 'warn', 'error'] as const;
    const spies = methods.map((method) => vi.spyOn(console, method));
    await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    work();
    await collected([stubSpec(1)]);
    await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });
});
