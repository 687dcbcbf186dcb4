/** One job of a worker: a run that comes from Redis as a snapshot and goes back there as it grows. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from 'bullmq';
import type { RunSummary } from '../run/runFolder';
import type { RunSpec } from '../run/runSpec';
import type { SweepEvent } from '../sweep/sweepEvent';
import { type Slot, trainPatiently } from '../sweep/trainPatiently';
import { fetchSnapshot, handOver, type Lease, LeaseLost, say } from './handOver';
import type { News } from './runQueue';
import { type Manifest, writeSnapshot } from './snapshot';

export interface JobOptions {
  /** Where this worker keeps its runs for the time being. */
  readonly runs: string;
  /** Milliseconds without renewal until the lock is void. */
  readonly takeoverAfter: number;
  /** Gives the job back to the queue. */
  readonly signal: AbortSignal;
  readonly hear: (event: SweepEvent) => void;
}

/**
 * Trains a job's run to its end, or until it is another's.
 * @returns how it ended; null where it was given back
 * @throws  LeaseLost where another worker may have it by now, or its submitter took it back
 */
export async function trainJob(
  job: Job<RunSpec>,
  lease: Lease,
  slot: Slot,
  { runs, takeoverAfter, signal, hear }: JobOptions,
): Promise<RunSummary | null> {
  const { redis, keys, run, token } = lease;
  const folder = join(runs, run);
  const over = new AbortController();
  /** Why the job can no longer be written. */
  let trouble: Error | null = null;
  let sending = Promise.resolve();

  function endEarly(error: Error | null): void {
    if (over.signal.aborted) return;
    trouble = error;
    over.abort();
    slot.replace();
  }
  const giveBack = () => endEarly(null);

  const send = (write: () => Promise<void>) => {
    sending = sending.then(async () => {
      if (!over.signal.aborted) await write().catch(endEarly);
    });
  };

  async function renew(): Promise<void> {
    const next = () => sleep(takeoverAfter / 4, true, { signal: over.signal }).catch(() => false);
    while (await next()) {
      const isHeld = await job.extendLock(token, takeoverAfter).catch((error: Error) => {
        // what Redis refuses is tried again, as long as the lock lasts
        if (error.name !== 'ReplyError') throw error;
        return 1;
      });
      if (isHeld !== 1) endEarly(new LeaseLost());
    }
  }

  signal.addEventListener('abort', giveBack);
  void renew().catch(endEarly);
  try {
    mkdirSync(folder, { recursive: true });
    const snapshot = await fetchSnapshot(redis, keys.snapshot(run), {});
    if (snapshot) await writeSnapshot(folder, snapshot);
    let known: Manifest | null = snapshot?.manifest ?? null;
    if (signal.aborted) giveBack();
    const summary = over.signal.aborted
      ? null
      : await trainPatiently(
          { spec: job.data, runs },
          slot,
          () => !over.signal.aborted,
          (event) => {
            hear(event);
            if (event.kind === 'ended') return;
            send(async () => {
              if (event.kind === 'checkpoint') known = await handOver(lease, folder, known, null);
              else await say(lease, event);
            });
          },
        );
    await sending;
    if (trouble) throw trouble;
    if (!summary) {
      await job.moveToWait(token);
      return null;
    }
    await handOver(lease, folder, known, summary);
    await job.moveToCompleted('', token, false);
    await redis.publish(keys.channel, JSON.stringify({ run, kind: 'changed' } satisfies News));
    return summary;
  } finally {
    signal.removeEventListener('abort', giveBack);
    over.abort();
    rmSync(folder, { recursive: true, force: true });
  }
}
