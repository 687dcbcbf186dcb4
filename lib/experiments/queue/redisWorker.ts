/** Lends a machine to the sweeps of others: takes runs from Redis, and trains as many at once as it has workers. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { provenance } from '../run/provenance';
import type { RunSpec } from '../run/runSpec';
import type { SweepEvent } from '../sweep/sweepEvent';
import { startTrainingProcess, type TrainingProcess } from '../sweep/trainingProcess';
import type { Slot } from '../sweep/trainPatiently';
import { LeaseLost } from './handOver';
import { openRedis } from './redisServer';
import { askedCodes, keepForNow, keysOf, openWorker } from './runQueue';
import { trainJob } from './trainJob';
import { workFolder } from './workFolder';

export interface RedisWorkerOptions {
  readonly url: string;
  /** Runs at once. */
  readonly workers: number;
  /** Hears what happens, in sentences. */
  readonly tell: (sentence: string) => void;
  /** Ends the work; runs under way go to other workers from their last checkpoints. */
  readonly signal?: AbortSignal;
  /** The version of the lab's code whose runs are taken. */
  readonly code?: string;
  /** Milliseconds without a sign of life until other workers take a run over. */
  readonly takeoverAfter?: number;
  readonly start?: () => TrainingProcess;
}

/** How long a worker that failed to get a run waits before it tries again, in milliseconds. */
const pause = 500;
/** How often an idle worker looks whether others' runs wait in vain, in milliseconds. */
const lookEvery = 5000;
/** How long the end waits for a server that may be out, in milliseconds. */
const farewell = 3000;

/**
 * Works until the signal ends it.
 * @throws InputError for a server that cannot be used
 */
export async function redisWorker({
  url,
  workers,
  tell,
  signal = new AbortController().signal,
  code = provenance().code,
  takeoverAfter = 10_000,
  start = startTrainingProcess,
}: RedisWorkerOptions): Promise<void> {
  const redis = await openRedis(url, tell);
  const keys = keysOf(code);
  const queue = openWorker(redis, code, takeoverAfter);
  const runs = workFolder();
  const processes = new Set<TrainingProcess>();
  let trouble = '';
  let isFree: Promise<unknown> = Promise.resolve();

  /** The slots wait for a job one after the other: one of them at a time holds the connection that blocks. */
  function nextJob(token: string): Promise<Job<RunSpec> | undefined> {
    const job = isFree.then(() => (signal.aborted ? undefined : queue.getNextJob(token)));
    isFree = job.catch(() => undefined);
    return job;
  }

  function started(): TrainingProcess {
    const process = start();
    processes.add(process);
    return process;
  }

  async function work(): Promise<void> {
    const slot: Slot = {
      process: started(),
      replace: () => {
        processes.delete(slot.process);
        slot.process.end();
        if (!signal.aborted) slot.process = started();
      },
    };
    while (!signal.aborted) {
      try {
        const token = randomUUID();
        const job = await nextJob(token);
        if (job) await serve(job, token, slot);
      } catch (error) {
        if (signal.aborted) return;
        tellTrouble(error as Error);
        await sleep(pause);
      }
    }
  }

  /** What Redis refuses, such as for want of memory, it refuses again and again: its first word names the reason. */
  function tellTrouble({ message }: Error): void {
    const [reason = ''] = message.split(' ');
    if (reason !== trouble) tell(`${message}; this worker goes on.`);
    trouble = reason;
  }

  async function serve(job: Job<RunSpec>, token: string, slot: Slot): Promise<void> {
    const run = job.data.name;
    const hear = (event: SweepEvent) => {
      if (event.kind === 'started')
        tell(`${run} ${event.from > 0 ? `goes on from step ${event.from}` : 'begins'}.`);
      if (event.kind === 'notice') tell(`${run}: ${event.sentence}`);
    };
    try {
      const summary = await trainJob(job, { redis, keys, run, token }, slot, {
        runs,
        takeoverAfter,
        signal,
        hear,
      });
      if (summary) tell(`${run} is ${summary.status}${summary.reason && `: ${summary.reason}`}.`);
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
      tell(`${run} is no longer this worker's; another one may have it, or it was taken back.`);
    }
  }

  /** A run of other code is never taken: what it computes might differ. */
  async function look(): Promise<void> {
    const told = new Set([code]);
    while (!signal.aborted) {
      await keepForNow(redis, keys);
      for (const other of await askedCodes(redis)) {
        if (told.has(other)) continue;
        told.add(other);
        tell(
          `runs of another version of the lab's code, ${other}, are asked for; this worker has ${code} and takes none of them.`,
        );
      }
      await sleep(lookEvery, undefined, { signal });
    }
  }

  let leave: () => void = () => undefined;
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const end = () => {
    for (const process of processes) process.end();
    // whoever waits for a job stops waiting; the connection stays for those that go back
    void queue.close(true);
    leave();
  };
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  try {
    await queue.startStalledCheckTimer();
    void look().catch(() => undefined);
    const crew = Promise.all(Array.from({ length: workers }, work));
    await Promise.race([crew, left]);
    // a job that is taken at this moment goes back as well
    await Promise.race([crew, sleep(farewell, undefined, { ref: false })]);
  } finally {
    signal.removeEventListener('abort', end);
    for (const process of processes) process.end();
    await queue.close(true);
    redis.disconnect();
    rmSync(runs, { recursive: true, force: true });
  }
}
