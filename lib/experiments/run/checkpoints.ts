/**
 * Checkpoints: what a training needs to go on from a step as if it had never stopped. Each is two files,
 *   step-000020.safetensors   the models' parameters by name, and the optimizers' moments
 *   step-000020.json          the step, what else the loop remembers, and the SHA-256 of all of this
 * of which the second comes last: a checkpoint that was cut off is not there.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Memory } from '../../algorithms/updates/memory';
import { tf } from '../../engine/tensorflow';
import { isFields } from '../../errors/fields';
import { InputError } from '../../errors/inputError';
import type { Parameters } from '../../models/parameters';
import {
  type NamedTensor,
  type NamedTensors,
  readSafetensors,
  writeSafetensors,
} from '../../models/safetensors';
import { namedTensors } from '../../models/saveModel';

/** What is trained, by name: the policy, and the critic where there is one. */
export type Trained = Readonly<Record<string, Parameters>>;

/** How good the policy of a checkpoint is, and what it took to come there. */
export interface Score {
  /** Greedy; null at a step without an evaluation. */
  readonly accuracy: number | null;
  /** Mean over the step's trajectories. */
  readonly reward: number;
  /** Actions in all rollouts. */
  readonly actions: number;
  readonly seconds: number;
  /** How often the run was taken up again. */
  readonly resumed: number;
}

interface State extends Score {
  readonly step: number;
  readonly coefficients: Readonly<Record<string, number>>;
}

export interface Checkpoint extends State {
  readonly tensors: NamedTensors;
}

const fileOf = (step: number) => `step-${String(step).padStart(6, '0')}`;

/** @throws what the file system does, such as for a full disk; checkpoints that were there stay */
export function saveCheckpoint(
  folder: string,
  trained: Trained,
  memory: Memory,
  score: Score,
  keep: number,
): void {
  mkdirSync(folder, { recursive: true });
  const bytes = writeSafetensors({ ...parameterTensors(trained), ...optimizerTensors(memory) });
  const { step, coefficients } = memory;
  const state: State = { step, coefficients, ...score };
  const path = join(folder, fileOf(step));
  writeFileAtomic.sync(`${path}.safetensors`, Buffer.from(bytes.buffer));
  writeFileAtomic.sync(
    `${path}.json`,
    `${JSON.stringify({ ...state, sha256: checksum(bytes, state) }, null, 2)}\n`,
  );
  forgetOlder(folder, keep);
}

/**
 * The newest checkpoint that is whole.
 * @param notice is told of each that is damaged, in a sentence
 * @param fits   whether the run can go on from a step
 */
export function newestCheckpoint(
  folder: string,
  notice: (sentence: string) => void,
  fits: (step: number) => boolean = () => true,
): Checkpoint | null {
  for (const step of checkpointSteps(folder).reverse()) {
    if (!fits(step)) continue;
    try {
      return readCheckpoint(folder, step);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      notice(`${error.message} The checkpoint before it is taken, where there is one.`);
    }
  }
  return null;
}

/** @throws InputError for one that is damaged */
export function readCheckpoint(folder: string, step: number): Checkpoint {
  const path = join(folder, fileOf(step));
  const damaged = (why: string) => new InputError(`the checkpoint ${path} is damaged: ${why}.`);
  const state = readState(folder, step);
  if (!state) throw damaged('its .json is no JSON of a checkpoint');
  if (!existsSync(`${path}.safetensors`)) throw damaged('its .safetensors is missing');
  const bytes = readFileSync(`${path}.safetensors`);
  const { sha256, ...rest } = state;
  const found = checksum(bytes, rest);
  if (found !== sha256) throw damaged(`its SHA-256 is ${found}, and ${sha256} was written`);
  return { ...rest, tensors: readSafetensors(bytes) };
}

/** Gives models and memory what a checkpoint holds; the memory that the loop is then to go on with. */
export function restore({ step, coefficients, tensors }: Checkpoint, trained: Trained): Memory {
  for (const [name, parameters] of Object.entries(trained)) assign(parameters, name, tensors);
  const saved: Record<string, Record<string, Float32Array>> = {};
  for (const [key, { values }] of Object.entries(tensors)) {
    const [, optimizer, part] = /^optimizer\.([^.]+)\.([^.]+)$/.exec(key) ?? [];
    if (optimizer && part) saved[optimizer] = { ...saved[optimizer], [part]: values };
  }
  return { step, coefficients: { ...coefficients }, optimizers: {}, saved };
}

/** The step of the checkpoint with the highest accuracy, then reward, the first of several; null without any. */
export const bestStep = (folder: string): number | null => bestOf(folder, checkpointSteps(folder));

function bestOf(folder: string, steps: readonly number[]): number | null {
  const states = steps.flatMap((step) => readState(folder, step) ?? []);
  const [best] = states.sort(
    (a, b) => (b.accuracy ?? -1) - (a.accuracy ?? -1) || b.reward - a.reward || a.step - b.step,
  );
  return best?.step ?? null;
}

/** Ascending. */
export function checkpointSteps(folder: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => /^step-(\d+)\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/**
 * Keeps the newest checkpoints and the best, and nothing else in their folder: not what a killed process left half
 * written either.
 * @param until the step that a run goes on from: what is newer is damaged, or without its rows
 */
export function forgetOlder(folder: string, keep: number, until = Number.POSITIVE_INFINITY): void {
  const steps = checkpointSteps(folder).filter((step) => step <= until);
  const kept = new Set([...steps.slice(-keep), bestOf(folder, steps)]);
  const names = new Set([...kept].flatMap((step) => (step === null ? [] : checkpointFiles(step))));
  const others = readdirSync(folder).filter((name) => !names.has(name));
  // the .json first: without it the rest is no checkpoint
  for (const name of others.sort()) rmSync(join(folder, name), { force: true });
}

/** The names of a checkpoint's files, the one that makes it a checkpoint last. */
export const checkpointFiles = (step: number): string[] =>
  ['safetensors', 'json'].map((end) => `${fileOf(step)}.${end}`);

function readState(folder: string, step: number): (State & { readonly sha256: string }) | null {
  try {
    const state: unknown = JSON.parse(readFileSync(join(folder, `${fileOf(step)}.json`), 'utf8'));
    return isFields(state) && state.step === step ? (state as never) : null;
  } catch {
    return null;
  }
}

function checksum(bytes: Uint8Array, state: State): string {
  const { step, coefficients, accuracy, reward, actions, seconds, resumed } = state;
  const text = JSON.stringify([
    step,
    Object.entries(coefficients),
    accuracy,
    reward,
    actions,
    seconds,
    resumed,
  ]);
  return createHash('sha256').update(bytes).update(text).digest('hex');
}

function parameterTensors(trained: Trained): NamedTensors {
  const entries = Object.entries(trained).flatMap(([name, parameters]) =>
    Object.entries(namedTensors(parameters, parameters.specification)).map(
      ([part, tensor]) => [`${name}.${part}`, tensor] as const,
    ),
  );
  return Object.fromEntries(entries);
}

function optimizerTensors({ optimizers }: Memory): NamedTensors {
  const tensors: Record<string, NamedTensor> = {};
  for (const [name, state] of Object.entries(optimizers)) {
    for (const [part, variable] of Object.entries(state)) {
      const values = variable.dataSync<'float32'>();
      tensors[`optimizer.${name}.${part}`] = { shape: variable.shape, values };
    }
  }
  return tensors;
}

function assign({ specification, vector }: Parameters, name: string, tensors: NamedTensors): void {
  tf.tidy(() => {
    const pieces = Object.entries(specification).map(([part, { shape }]) => {
      const tensor = tensors[`${name}.${part}`];
      if (JSON.stringify(tensor?.shape) !== JSON.stringify(shape)) {
        throw new InputError(
          `the checkpoint's "${name}.${part}" has the shape ${JSON.stringify(tensor?.shape)}; expected ${JSON.stringify(shape)}: it is of another model.`,
        );
      }
      return tf.tensor1d(tensor!.values);
    });
    vector.assign(tf.concat(pieces));
  });
}
