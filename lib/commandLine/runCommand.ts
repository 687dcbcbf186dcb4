/** `npm run experiment -- ALGORITHM… --task TASK`: trains what the runs of a request have left to train. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../errors/inputError';
import { planSweep } from '../experiments/config/planSweep';
import { provenance } from '../experiments/run/provenance';
import { type KeptRun, type RunSummary, readRun, runFiles } from '../experiments/run/runFolder';
import type { RunSpec } from '../experiments/run/runSpec';
import type { SweepEvent } from '../experiments/sweep/sweepEvent';
import { sweepInProcesses } from '../experiments/sweep/sweepInProcesses';
import { showProgress, type Terminal } from './liveProgress';
import type { RunOptions } from './options';
import { requestOf } from './request';
import { resultsFolder, shownPath } from './resultsFolder';
import { endsTable } from './settingTable';
import { stoppedStatus } from './stopSignal';
import { counted } from './words';

export interface Surroundings {
  readonly terminal: Terminal;
  /** Aborts where the user has enough. */
  readonly stop: AbortSignal;
}

/**
 * @returns the exit status: 0, 1 where a run failed, 130 where it was stopped
 * @throws  InputError for a mistake in the request, and for runs that exist already
 */
export async function run(options: RunOptions, { terminal, stop }: Surroundings): Promise<number> {
  const { specs } = planSweep(requestOf(options));
  const runs = join(resultsFolder(options.out), 'runs');
  const say = (text: string) => terminal.write(`${text}\n`);
  const kept = specs.flatMap((spec) => keptRun(join(runs, spec.name)) ?? []);
  if (kept.length > 0 && !options.resume) refuseExisting(kept, runs);

  const done = kept.filter(({ summary }) => summary?.status === 'done');
  const summaries = new Map(done.map(({ spec, summary }) => [spec.name, summary!]));
  const open = specs.filter(({ name }) => !summaries.has(name));
  const workers = Math.min(options.workers ?? availableParallelism(), open.length);
  tellDone(done, say);
  const by = options.redis === null ? counted(workers, 'worker') : `the workers of ${hostOf(options.redis)}`;
  if (open.length > 0) say(`${counted(open.length, 'run')} to train by ${by}, into ${shownPath(runs)}`);

  const events = await startSweep(open, { runs, workers, url: options.redis, stop });
  const progress = showProgress(terminal, open);
  try {
    for await (const event of events) {
      progress.hear(event);
      if (event.kind === 'ended') summaries.set(event.run, event.summary);
    }
  } finally {
    progress.close();
  }
  if (stop.aborted) {
    say('Stopped; the same command with --resume goes on.');
    return stoppedStatus;
  }
  say(`\n${endsTable(specs, summaries)}\n\nRuns: ${shownPath(runs)}`);
  return reportFailures(summaries) ? 1 : 0;
}

const keptRun = (folder: string): KeptRun | null =>
  existsSync(join(folder, runFiles.config)) ? readRun(folder) : null;

function refuseExisting(kept: readonly KeptRun[], runs: string): never {
  const [first, ...others] = kept.map(({ spec }) => spec.name);
  const also = others.length > 0 ? ` (and ${counted(others.length, 'other')})` : '';
  const [it, go] = others.length > 0 ? ['them', 'go'] : ['it', 'goes'];
  throw new InputError(
    `the run ${first}${also} exists in ${shownPath(runs)} already: add --resume, with which ${others.length > 0 ? 'they' : 'it'} ${go} on, or delete ${it}, or name another folder with --out.`,
  );
}

function tellDone(done: readonly KeptRun[], say: (text: string) => void): void {
  if (done.length === 0) return;
  for (const { spec } of done) say(`${spec.name}: done before`);
  const { code } = provenance();
  const others = done.filter(({ made }) => made.code !== code).length;
  if (others === 0) return;
  say(
    `${others} of the ${counted(done.length, 'run')} done before ${others === 1 ? 'was' : 'were'} made by other code than today's: to make ${others === 1 ? 'it' : 'them'} anew, delete ${others === 1 ? 'its folder' : 'their folders'}.`,
  );
}

/** A queue's password is nobody's business. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

interface Means {
  readonly runs: string;
  readonly workers: number;
  readonly url: string | null;
  readonly stop: AbortSignal;
}

async function startSweep(
  specs: readonly RunSpec[],
  { runs, workers, url, stop: signal }: Means,
): Promise<AsyncGenerator<SweepEvent, void>> {
  if (url === null) return sweepInProcesses(specs, { runs, workers, signal });
  const { sweepByRedis } = await import('../experiments/queue/redisSweep');
  return sweepByRedis(specs, { runs, url, signal });
}

/** @returns whether any failed */
function reportFailures(summaries: ReadonlyMap<string, RunSummary>): boolean {
  const failed = [...summaries].filter(([, { status }]) => status === 'failed');
  for (const [name, { reason }] of failed) console.error(`${name} failed: ${reason}`);
  return failed.length > 0;
}
