/** `npm run experiment -- worker --redis URL`: trains what is on a queue until it is stopped. */
import { availableParallelism } from 'node:os';
import { redisWorker } from '../experiments/queue/redisWorker';
import type { WorkerOptions } from './options';

/** @returns the exit status: 0, since a worker that is stopped has done what it was to do */
export async function work({ redis: url, workers }: WorkerOptions, signal: AbortSignal): Promise<number> {
  const tell = (sentence: string) => console.log(sentence);
  await redisWorker({ url, workers: workers ?? availableParallelism(), tell, signal });
  return 0;
}
