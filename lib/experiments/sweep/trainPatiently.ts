/** A run trained in a process that may be killed under it: another one then goes on from the last checkpoint. */
import { InputError } from '../../errors/inputError';
import type { TrainingRow } from '../definitions/algorithmDefinition';
import type { RunSummary } from '../run/runFolder';
import type { SweepEvent } from './sweepEvent';
import { ProcessEnded, type TrainingProcess, type TrainingRequest } from './trainingProcess';

/** How often a run's process may end under it, without a new row in between, before the run is given up. */
const patience = 10;

/** A place for one run at a time, with the training process that serves it. */
export interface Slot {
  process: TrainingProcess;
  /** Ends the process, and puts another in its place unless the worker ends. */
  replace(): void;
}

/**
 * @param isWanted whether the run is to go on once a process has ended
 * @returns        how the run ended; null where it is no longer wanted
 */
export async function trainPatiently(
  request: TrainingRequest,
  slot: Slot,
  isWanted: () => boolean,
  hear: (event: SweepEvent) => void,
): Promise<RunSummary | null> {
  const run = request.spec.name;
  let last: TrainingRow | null = null;
  for (let ended = 0; ; ) {
    try {
      return await slot.process.train(request, (event) => {
        if (event.kind === 'row') {
          ended = 0;
          last = event.row;
        }
        hear(event);
      });
    } catch (error) {
      if (!isWanted()) return null;
      if (error instanceof InputError) return givenUp(last, error.message);
      if (!(error instanceof ProcessEnded)) throw error;
      slot.replace();
      ended += 1;
      if (ended === patience) {
        return givenUp(last, `${error.message}, ${patience} times without a step in between.`);
      }
      hear({ run, kind: 'notice', sentence: `${error.message}; it goes on from its last checkpoint.` });
    }
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
