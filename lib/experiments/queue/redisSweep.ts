/** Runs on other machines, reached through Redis alone: this one hands them out and collects what comes of them. */
import { EventEmitter, on } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../../errors/inputError';
import { provenance } from '../run/provenance';
import { type RunSummary, readSummary } from '../run/runFolder';
import type { RunSpec } from '../run/runSpec';
import type { SweepEvent } from '../sweep/sweepEvent';
import { givenUp } from '../sweep/trainPatiently';
import { type CollectedRun, collect, openCollected, ownSnapshot, tellRow } from './collectedRun';
import { fetchSnapshot, provide, takeBack } from './handOver';
import { openRedis } from './redisServer';
import { ask, clearEmptyQueue, jobOptions, keepForNow, keysOf, type News, openQueue } from './runQueue';

export interface RedisSweepOptions {
  /** The folder of runs, of this machine: results come here. */
  readonly runs: string;
  readonly url: string;
  /** The version of the lab's code whose workers take the runs. */
  readonly code?: string;
  /** Ends the loop early, also while nothing happens that it could tell. */
  readonly signal?: AbortSignal;
  /** Milliseconds between two looks at whether each run is still in the queue. */
  readonly checkEvery?: number;
}

/** How long nobody may take a waiting run until that is told, in milliseconds. */
const patience = 10_000;
/** How long the end waits for a server that may be out, in milliseconds. */
const farewell = 3000;

/**
 * Each run ends with one event 'ended', and gives each row once. A notice of the sweep as a whole names no run.
 * Leaving the loop early takes the runs out of the queue, and workers end them within seconds; a killed process leaves
 * them there, and workers go on. Either way the same call resumes the sweep.
 * @throws InputError for a server that cannot be used
 */
export async function* sweepByRedis(
  specs: readonly RunSpec[],
  { runs, url, code = provenance().code, signal, checkEvery = 3000 }: RedisSweepOptions,
): AsyncGenerator<SweepEvent, void> {
  const events = new EventEmitter();
  const heard = on(events, 'event', { close: ['end'] });
  const hear = (event: SweepEvent) => {
    events.emit('event', event);
  };
  const notice = (sentence: string, run = '') => hear({ run, kind: 'notice', sentence });
  const unfinished = new Map(specs.map((spec) => [spec.name, expected(openCollected(spec, runs))]));
  if (unfinished.size === 0) return;
  const keys = keysOf(code);
  const redis = await openRedis(url, notice);
  const queue = openQueue(redis, code);
  const subscriber = redis.duplicate();
  let isOver = false;
  let waitsSince = Date.now();
  let refusal = '';

  /** Collects what is new of a run, and sees to it that it is in the queue until it has ended. */
  async function attend(run: Expected): Promise<void> {
    const { name } = run.spec;
    // in this order: a job leaves the queue after its end is in the snapshot
    const isQueued = (await redis.exists(keys.job(name))) === 1;
    const snapshot = await fetchSnapshot(redis, keys.snapshot(name), run.files);
    if (snapshot && snapshot.bytes.size > 0) await collect(run, snapshot, hear);
    run.wasQueued ||= isQueued;
    if (isQueued || isOver) return;
    const own = readSummary(run.folder);
    const summary = snapshot?.manifest.ended ?? (own?.status === 'done' ? own : null);
    if (summary) {
      await redis.del(keys.snapshot(name));
      finish(run, summary);
      return;
    }
    if (run.wasQueued) notice(`the queue has lost it; it goes on from step ${run.step}.`, name);
    await provide(redis, keys, name, ownSnapshot(run));
    await queue.add('run', run.spec, jobOptions(name));
    run.wasQueued = true;
  }

  function finish(run: Expected, summary: RunSummary): void {
    run.unlock?.();
    unfinished.delete(run.spec.name);
    hear({ run: run.spec.name, kind: 'ended', summary });
    if (unfinished.size === 0) end();
  }

  /** One look at a run at a time; while one waits, another would have nothing to add. */
  function attendSoon(run: Expected): void {
    if (run.isAwaited) return;
    run.isAwaited = true;
    run.turn = run.turn.then(async () => {
      run.isAwaited = false;
      if (isOver || !unfinished.has(run.spec.name)) return;
      await attend(run).catch((error: Error) => {
        if (isOver) return;
        if (error instanceof InputError) finish(run, givenUp(readSummary(run.folder), error.message));
        else if (isRefusal(error)) hearRefusal(error.message);
        else events.emit('error', error);
      });
    });
  }

  /** Such as for want of memory, which each run meets again at each look. */
  function hearRefusal(message: string): void {
    // the first word names the reason, such as OOM; the rest may name a script
    const [reason = ''] = message.split(' ');
    if (reason !== refusal) notice(`Redis refuses: ${message}; it is tried again.`);
    refusal = reason;
  }

  async function check(): Promise<void> {
    for (const run of unfinished.values()) attendSoon(run);
    await Promise.all([ask(redis, code), keepForNow(redis, keys)]);
    const [waiting, active] = await Promise.all([
      redis.llen(keys.own('wait')),
      redis.llen(keys.own('active')),
    ]);
    if (active > 0 || waiting === 0) waitsSince = Date.now();
    if (Date.now() - waitsSince < patience) return;
    waitsSince = Number.POSITIVE_INFINITY;
    notice(
      `no worker has taken a run for ${patience / 1000} seconds; is one connected that has this version of the lab's code, ${code}?`,
    );
  }

  subscriber.on('error', () => undefined);
  // what was told while the connection was out is looked up
  subscriber.on('ready', () => {
    for (const run of unfinished.values()) attendSoon(run);
    forgetFinished().catch(() => undefined);
  });
  subscriber.on('message', (_, text) => {
    const news = JSON.parse(text) as News;
    const run = unfinished.get(news.run);
    if (!run) return;
    waitsSince = Date.now();
    if (news.kind === 'changed') attendSoon(run);
    else if (news.kind === 'row') tellRow(run, news.row, hear);
    else hear(news);
  });
  const over = new AbortController();
  const checks = (async () => {
    await subscriber.subscribe(keys.channel);
    while (!isOver) {
      await check().catch((error: Error) => {
        if (!isRefusal(error)) throw error;
        hearRefusal(error.message);
      });
      await sleep(checkEvery, undefined, { signal: over.signal });
    }
  })().catch((error: unknown) => {
    if (!isOver) events.emit('error', error);
  });

  const end = () => {
    events.emit('end');
  };
  signal?.addEventListener('abort', end);
  if (signal?.aborted) end();

  try {
    for await (const [event] of heard) yield event as SweepEvent;
  } finally {
    isOver = true;
    over.abort();
    signal?.removeEventListener('abort', end);
    const all = [...unfinished.values()];
    await Promise.race([leave().catch(() => undefined), sleep(farewell, undefined, { ref: false })]);
    for (const connection of [subscriber, redis]) connection.disconnect();
    await Promise.all([checks, ...all.map(({ turn }) => turn)]);
    for (const run of all) run.unlock?.();
  }

  /** A server that was restarted from an older dump may have them again. */
  async function forgetFinished(): Promise<void> {
    const finished = specs.filter(({ name }) => !unfinished.has(name));
    await Promise.all(finished.map(({ name }) => takeBack(redis, keys, queue, name)));
  }

  async function leave(): Promise<void> {
    const names = [...unfinished.keys()];
    await Promise.all([...unfinished.values()].map(({ turn }) => turn));
    await Promise.all(names.map((name) => takeBack(redis, keys, queue, name)));
    await forgetFinished();
    await clearEmptyQueue(redis, keys);
  }
}

/** A run with what is being done about it: one look after another, and whether one is yet to begin. */
interface Expected extends CollectedRun {
  wasQueued: boolean;
  turn: Promise<void>;
  isAwaited: boolean;
}

const expected = (run: CollectedRun): Expected => ({
  ...run,
  wasQueued: false,
  turn: Promise.resolve(),
  isAwaited: false,
});

/** Whether Redis answers, but does not do it. */
const isRefusal = (error: Error) => error.name === 'ReplyError';
