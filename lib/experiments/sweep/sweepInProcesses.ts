/** Runs side by side, each in a process of its own thread: as many at once as there are workers. */
import { EventEmitter, on } from 'node:events';
import { InputError } from '../../errors/inputError';
import type { TrainingRow } from '../definitions/algorithmDefinition';
import type { RunSummary } from '../run/runFolder';
import type { RunSpec } from '../run/runSpec';
import type { SweepEvent } from './sweepEvent';
import { ProcessEnded, startTrainingProcess, type TrainingProcess } from './trainingProcess';

/** How often a run's process may end under it, without a new row in between, before the run is given up. */
const patience = 10;

export interface SweepOptions {
  /** The folder of runs. */
  readonly runs: string;
  readonly workers: number;
  /** Ends the processes when it aborts, whatever they do; the sweep is then over. */
  readonly signal?: AbortSignal;
}

/** Each run ends with one event 'ended'. Leaving the loop early ends the processes; the runs can be resumed. */
export async function* sweepInProcesses(
  specs: readonly RunSpec[],
  { runs, workers, signal }: SweepOptions,
): AsyncGenerator<SweepEvent, void> {
  const waiting = [...specs];
  const events = new EventEmitter();
  const heard = on(events, 'event', { close: ['end'] });
  const processes = new Set<TrainingProcess>();
  let isOver = false;

  async function work(): Promise<void> {
    let process = started();
    for (let spec = waiting.shift(); spec && !isOver; spec = waiting.shift()) {
      process = await trainPatiently(spec, process);
    }
    processes.delete(process);
    process.end();
  }

  function started(): TrainingProcess {
    const process = startTrainingProcess();
    processes.add(process);
    return process;
  }

  /** @returns the process that is there in the end */
  async function trainPatiently(spec: RunSpec, first: TrainingProcess): Promise<TrainingProcess> {
    let process = first;
    let ended = 0;
    let last: TrainingRow | null = null;
    const hear = (event: SweepEvent) => {
      if (event.kind === 'row') {
        ended = 0;
        last = event.row;
      }
      events.emit('event', event);
    };
    const giveUp = (reason: string) =>
      events.emit('event', { run: spec.name, kind: 'ended', summary: givenUp(last, reason) });
    for (;;) {
      try {
        await process.train({ spec, runs }, hear);
        return process;
      } catch (error) {
        if (isOver) return process;
        if (error instanceof InputError) {
          giveUp(error.message);
          return process;
        }
        if (!(error instanceof ProcessEnded)) throw error;
        processes.delete(process);
        process = started();
        ended += 1;
        if (ended === patience) {
          giveUp(`${error.message}, ${patience} times without a step in between.`);
          return process;
        }
        const sentence = `${error.message}; it goes on from its last checkpoint.`;
        events.emit('event', { run: spec.name, kind: 'notice', sentence });
      }
    }
  }

  const crew = Array.from({ length: Math.min(workers, specs.length) }, work);
  const stop = () => {
    isOver = true;
    for (const process of processes) process.end();
  };
  signal?.addEventListener('abort', stop);
  const all = Promise.all(crew).then(
    () => events.emit('end'),
    (error) => events.emit('error', error),
  );
  try {
    for await (const [event] of heard) yield event as SweepEvent;
    await all;
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

/** Of a run that could not go on; nothing of it is written, so that it can be resumed when the cause is mended. */
export function givenUp(
  last: Pick<RunSummary, 'step' | 'reward' | 'accuracy'> | null,
  reason: string,
): RunSummary {
  return {
    status: 'failed',
    step: last?.step ?? 0,
    reward: last?.reward ?? null,
    accuracy: last?.accuracy ?? null,
    held_out_accuracy: null,
    best_step: null,
    seconds: 0,
    resumed: 0,
    reason: `${reason} What was kept is whole, and --resume goes on from it.`,
  };
}
