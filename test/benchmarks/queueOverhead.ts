/**
 * What a run costs by itself where it goes through Redis: runs that take a step without any training, one after the other
 * on one worker, beside the same runs in the same process without a queue. One JSON object on stdout, times in
 * milliseconds per run; needs redis-server.
 *   node -r ./lib/workspace/typescriptModules.cjs test/benchmarks/queueOverhead.ts RUNS
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sweepByRedis } from '../../lib/experiments/queue/redisSweep';
import { redisWorker } from '../../lib/experiments/queue/redisWorker';
import { startRedis } from '../experiments/queue/redisForTests';
import { stubSpec, stubTraining } from '../experiments/queue/stubTraining';

async function main(count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'overhead-'));
  const redis = await startRedis();
  const specs = Array.from({ length: count }, (_, i) => stubSpec(i, { steps: 1, checkpointEvery: 1 }));

  const training = stubTraining();
  const alone = await perRun(async () => {
    for (const spec of specs) await training.train({ spec, runs: join(folder, 'here') }, () => undefined);
  });

  const stop = new AbortController();
  const common = { url: redis.url, code: 'overhead' };
  const working = redisWorker({
    ...common,
    workers: 1,
    tell: () => undefined,
    signal: stop.signal,
    start: () => stubTraining(),
  });
  const queued = await perRun(async () => {
    for await (const _ of sweepByRedis(specs, { ...common, runs: join(folder, 'afar') }));
  });

  stop.abort();
  await working;
  await redis.stop();
  rmSync(folder, { recursive: true });
  process.stdout.write(`${JSON.stringify({ runs: count, alone, queued, overhead: queued - alone })}\n`);

  async function perRun(act: () => Promise<void>): Promise<number> {
    const since = performance.now();
    await act();
    return (performance.now() - since) / count;
  }
}

main(Number(process.argv[2] ?? 200));
