/** Runs one after the other in this process: for tasks and algorithms that are defined in a cell. */
import { InputError } from '../../errors/inputError';
import type { AlgorithmDefinition } from '../definitions/algorithmDefinition';
import type { TaskDefinition } from '../definitions/taskDefinition';
import type { RunSpec } from '../run/runSpec';
import { trainRun } from '../run/trainRun';
import type { SweepEvent } from './sweepEvent';
import { givenUp } from './trainPatiently';

export interface Definitions {
  readonly tasks: ReadonlyMap<string, TaskDefinition>;
  readonly algorithms: ReadonlyMap<string, AlgorithmDefinition>;
}

/** Each run ends with one event 'ended'. */
export async function* sweepHere(
  specs: readonly RunSpec[],
  { tasks, algorithms }: Definitions,
  runs: string,
): AsyncGenerator<SweepEvent, void> {
  for (const spec of specs) {
    const definitions = { task: tasks.get(spec.task)!, algorithm: algorithms.get(spec.algorithm)! };
    try {
      yield* trainRun(spec, definitions, runs);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      yield { run: spec.name, kind: 'ended', summary: givenUp(null, error.message) };
    }
  }
}
