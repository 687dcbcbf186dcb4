/** One run from its spec to its end: trained, logged as it goes, and taken up again where it was left. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { CompletionRow } from '../../algorithms/rollouts/completionRows';
import { newMemory } from '../../algorithms/updates/memory';
import { replayFirstCalls } from '../../engine/compile';
import { ready } from '../../engine/tensorflow';
import type { Fields } from '../../errors/fields';
import { InputError } from '../../errors/inputError';
import { unwritable } from '../../files/appendOnlyFile';
import { seededRandom } from '../../math/random';
import { disposeParameters } from '../../models/parameters';
import { withInfinity } from '../config/infinity';
import type { AlgorithmDefinition, TrainingRow } from '../definitions/algorithmDefinition';
import type { OpenTask, TaskDefinition } from '../definitions/taskDefinition';
import type { SweepEvent } from '../sweep/sweepEvent';
import {
  bestStep,
  forgetOlder,
  newestCheckpoint,
  restore,
  saveCheckpoint,
  type Trained,
} from './checkpoints';
import { provenance } from './provenance';
import { type RunSummary, readRun, readSummary, runFiles } from './runFolder';
import { lockRun } from './runLock';
import { openRunLogs, wholeUntil } from './runLogs';
import type { RunSpec } from './runSpec';

export interface RunDefinitions {
  readonly task: TaskDefinition;
  readonly algorithm: AlgorithmDefinition;
}

/**
 * Trains a run in its folder, from its newest whole checkpoint where there is one; a run that is done is told as such.
 * Its rows and its last parameters are the same, bit by bit, wherever it was interrupted.
 * @param runs the folder of runs
 * @throws     InputError where it cannot go on: another process trains it, its folder holds another run, a file cannot
 *             be written. What was kept stays as it is. A training that comes to numbers that are not finite ends with
 *             a summary that says so.
 */
export async function* trainRun(
  spec: RunSpec,
  definitions: RunDefinitions,
  runs: string,
): AsyncGenerator<SweepEvent, void> {
  const run = spec.name;
  const folder = join(runs, run);
  writable(folder, () => mkdirSync(folder, { recursive: true }));
  const unlock = await lockRun(folder);
  let summary: RunSummary | null;
  try {
    summary = readSummary(folder);
    if (summary?.status !== 'done') {
      await ready;
      replayFirstCalls();
      describe(spec, folder);
      summary = yield* train(spec, definitions, folder);
    }
  } finally {
    unlock();
  }
  yield { run, kind: 'ended', summary };
}

async function* train(
  spec: RunSpec,
  { task: definition, algorithm }: RunDefinitions,
  folder: string,
): AsyncGenerator<SweepEvent, RunSummary> {
  const { name: run, keeping } = spec;
  const config = withInfinity(spec.config) as Fields;
  const random = seededRandom(spec.seed);
  const open = await definition.open(random);
  const checkpoints = join(folder, runFiles.checkpoints);
  const notices: string[] = [];
  const fits = (step: number) => wholeUntil(folder, step);
  const checkpoint = newestCheckpoint(checkpoints, (sentence) => notices.push(sentence), fits);
  const memory = checkpoint
    ? restore(checkpoint, trainedOf(open, Object.keys(checkpoint.tensors)))
    : newMemory();
  if (checkpoint) forgetOlder(checkpoints, keeping.keepCheckpoints, checkpoint.step);
  const resumed = checkpoint ? checkpoint.resumed + 1 : 0;
  const before = checkpoint?.seconds ?? 0;
  const since = performance.now();
  const seconds = () => before + (performance.now() - since) / 1000;
  const completions: CompletionRow[] = [];
  const inspection = { completions, every: keeping.completionsEvery || Number.POSITIVE_INFINITY };
  const logs = openRunLogs(folder, spec, memory.step);
  let actions = checkpoint?.actions ?? 0;
  let last: TrainingRow | null = null;
  let heldOutAccuracy: number | null = null;

  const summarize = (status: RunSummary['status'], reason: string): RunSummary => {
    const summary: RunSummary = {
      status,
      step: memory.step,
      reward: last?.reward ?? checkpoint?.reward ?? null,
      accuracy: last?.accuracy ?? checkpoint?.accuracy ?? null,
      held_out_accuracy: heldOutAccuracy,
      best_step: bestStep(checkpoints),
      seconds: seconds(),
      resumed,
      reason,
    };
    const path = join(folder, runFiles.summary);
    writable(path, () => writeFileAtomic.sync(path, `${JSON.stringify(summary, null, 2)}\n`));
    return summary;
  };

  try {
    yield { run, kind: 'started', from: memory.step };
    for (const sentence of notices) yield { run, kind: 'notice', sentence };
    const attachments = keeping.completionsEvery > 0 ? { memory, inspection } : { memory };
    const loop = algorithm.train(open, config, random.split('train'), attachments);
    const steps = Number(config.steps);
    for (;;) {
      const next = await nextRow(loop);
      if ('refused' in next) {
        return summarize('failed', next.refused);
      }
      if (!('row' in next)) break;
      const { step } = memory;
      if (step === steps && open.heldOut)
        heldOutAccuracy = (await open.heldOut.evaluate(open.policy)).accuracy;
      actions += Math.round(Number(next.row.length_mean) * Number(config.queries) * Number(config.groupSize));
      last = { ...next.row, actions, ...(open.heldOut && { held_out_accuracy: heldOutAccuracy }) };
      logs.append(last, algorithm.peerRow(last, config), completions.splice(0));
      yield { run, kind: 'row', row: last };
      if (step % keeping.checkpointEvery === 0 || step === steps) {
        logs.sync();
        const { reward, accuracy } = last;
        const score = { reward, accuracy, actions, seconds: seconds(), resumed };
        const trained = trainedOf(open, Object.keys(memory.optimizers));
        writable(checkpoints, () =>
          saveCheckpoint(checkpoints, trained, memory, score, keeping.keepCheckpoints),
        );
        yield { run, kind: 'checkpoint', step };
      }
    }
    return summarize('done', '');
  } finally {
    logs.close();
    for (const { parameters } of [open.policy, open.critic]) disposeParameters(parameters);
    open.dispose?.();
  }
}

type Next = { readonly row: TrainingRow } | { readonly refused: string } | { readonly over: true };

/** What the training itself refuses ends the run for good: it would come to the same point again. */
async function nextRow(loop: AsyncGenerator<TrainingRow, void>): Promise<Next> {
  try {
    const { done, value } = await loop.next();
    return done ? { over: true } : { row: value as TrainingRow };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { refused: error.message };
  }
}

/** The policy, and the critic where an optimizer or a checkpoint has one. */
function trainedOf({ policy, critic }: OpenTask, names: readonly string[]): Trained {
  const hasCritic = names.some((name) => name === 'critic' || name.startsWith('critic.'));
  return { policy: policy.parameters, ...(hasCritic && { critic: critic.parameters }) };
}

/** Writes what the run is and with what it is made; the first who made it stays on record. */
function describe(spec: RunSpec, folder: string): void {
  const path = join(folder, runFiles.config);
  if (existsSync(path)) {
    const { spec: kept } = readRun(folder);
    if (JSON.stringify(kept.config) === JSON.stringify(spec.config)) return;
    throw new InputError(
      `${path} is of another config than ${spec.name} has; expected the same, or no such folder.`,
    );
  }
  const { name, task, algorithm, preset, seed, ...others } = spec;
  const text = JSON.stringify(
    { name, task, algorithm, preset, seed, ...others, made: provenance() },
    null,
    2,
  );
  writable(path, () => writeFileAtomic.sync(path, `${text}\n`));
}

/** @throws InputError that names the place and the reason, such as a full disk */
function writable(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw unwritable(path, error as NodeJS.ErrnoException);
  }
}
