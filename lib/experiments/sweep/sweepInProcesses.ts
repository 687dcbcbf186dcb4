/** Runs side by side, each in a process of its own thread: as many at once as there are workers. */
import { EventEmitter, on } from 'node:events';
import type { RunSpec } from '../run/runSpec';
import type { SweepEvent } from './sweepEvent';
import { startTrainingProcess } from './trainingProcess';
import { type Slot, trainPatiently } from './trainPatiently';

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
  const hear = (event: SweepEvent) => {
    events.emit('event', event);
  };
  let isOver = false;

  const slots = Array.from({ length: Math.min(workers, specs.length) }, (): Slot => {
    const slot: Slot = {
      process: startTrainingProcess(),
      replace: () => {
        slot.process.end();
        if (!isOver) slot.process = startTrainingProcess();
      },
    };
    return slot;
  });

  async function work(slot: Slot): Promise<void> {
    for (let spec = waiting.shift(); spec && !isOver; spec = waiting.shift()) {
      const summary = await trainPatiently(
        { spec, runs },
        slot,
        () => !isOver,
        (event) => {
          // the summary tells, whoever came to it
          if (event.kind !== 'ended') hear(event);
        },
      );
      if (summary) hear({ run: spec.name, kind: 'ended', summary });
    }
    slot.process.end();
  }

  const stop = () => {
    isOver = true;
    for (const { process } of slots) process.end();
  };
  signal?.addEventListener('abort', stop);
  if (signal?.aborted) stop();
  const all = Promise.all(slots.map(work)).then(
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
