/**
 * What a sweep keeps in Redis. A run is a job of BullMQ's under the run's own name, so it is there once at most, and
 * beside it stands its snapshot. The queue's name holds the digest of the lab's code: workers of another version, which
 * might compute something else, do not see its runs.
 *   lab:runs-<code>:<run>            the job, whose data is the run's spec
 *   lab:runs-<code>:<run>:lock       the token of the worker that trains it, void unless that worker renews it
 *   lab:runs-<code>:<run>:snapshot   what that worker has handed over
 *   lab:runs-<code>:news             the channel on which workers tell what happens
 *   lab:asked                        the codes for which runs wait, each with when that was last seen
 */
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { RunSpec } from '../run/runSpec';
import type { SweepEvent } from '../sweep/sweepEvent';

/** What goes over the channel; a snapshot or the end of a job is looked up where it is kept. */
export type News = SweepEvent | { readonly run: string; readonly kind: 'changed' };

export interface QueueKeys {
  readonly channel: string;
  job(run: string): string;
  lock(run: string): string;
  snapshot(run: string): string;
  /** One of BullMQ's own: 'wait', 'active', … */
  own(name: string): string;
}

const prefix = 'lab';
const nameOf = (code: string) => `runs-${code}`;
const askedKey = `${prefix}:asked`;
/** How long a code counts as asked for after it was last seen, in milliseconds. */
const askedFor = 30_000;

export function keysOf(code: string): QueueKeys {
  const of = (name: string) => `${prefix}:${nameOf(code)}:${name}`;
  return {
    channel: of('news'),
    job: of,
    lock: (run) => of(`${run}:lock`),
    snapshot: (run) => of(`${run}:snapshot`),
    own: of,
  };
}

// the server was looked at when it was opened: BullMQ's own look would write to the console
const shared = { prefix, skipVersionCheck: true };

export function openQueue(redis: Redis, code: string): Queue<RunSpec> {
  const queue = new Queue<RunSpec>(nameOf(code), {
    ...shared,
    connection: redis,
    streams: { events: { maxLen: 100 } },
  });
  // the connection tells of its outages itself
  queue.on('error', () => undefined);
  return queue;
}

/** @param takeoverAfter milliseconds without renewal until a job's lock is void */
export function openWorker(redis: Redis, code: string, takeoverAfter: number): Worker<RunSpec> {
  const worker = new Worker<RunSpec>(nameOf(code), null, {
    ...shared,
    connection: redis,
    autorun: false,
    lockDuration: takeoverAfter,
    stalledInterval: takeoverAfter / 5,
    // however often its machines vanish, a run is no worse for it
    maxStalledCount: Number.MAX_SAFE_INTEGER,
  });
  worker.on('error', () => undefined);
  return worker;
}

/** Jobs leave the queue when they end: their outcome is in the snapshot. */
export const jobOptions = (run: string) => ({ jobId: run, removeOnComplete: true, removeOnFail: true });

/** Lets what BullMQ notes of a queue void itself, a day after the last sweep or worker that looked after it. */
export async function keepForNow(redis: Redis, keys: QueueKeys): Promise<void> {
  await Promise.all(['events', 'meta', 'id'].map((name) => redis.expire(keys.own(name), 24 * 3600)));
}

/** Deletes what BullMQ keeps of a queue without jobs. */
export async function clearEmptyQueue(redis: Redis, keys: QueueKeys): Promise<void> {
  await redis.eval(
    `if redis.call('LLEN', KEYS[1]) + redis.call('LLEN', KEYS[2]) == 0 then redis.call('DEL', unpack(KEYS)) end`,
    8,
    ...['wait', 'active', 'events', 'meta', 'id', 'marker', 'stalled', 'stalled-check'].map(keys.own),
  );
}

/** Says that runs of this code wait for a worker. */
export async function ask(redis: Redis, code: string): Promise<void> {
  await redis.zadd(askedKey, Date.now(), code);
  await redis.zremrangebyscore(askedKey, 0, Date.now() - askedFor);
  await redis.pexpire(askedKey, askedFor);
}

/** The codes for which runs wait. */
export const askedCodes = (redis: Redis): Promise<string[]> =>
  redis.zrangebyscore(askedKey, Date.now() - askedFor, '+inf');
