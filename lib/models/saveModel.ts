/**
 * Models in folders: `model.safetensors` has the parameters under their names, `config.json` the rest.
 *
 * No model is half written: each file takes its place whole or not at all, and the config, which comes last, records
 * the SHA-256 of the other. Whoever is cut off between the two leaves a pair that loading refuses.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { tf } from '../engine/tensorflow';
import { type Fields, isFields, shown } from '../errors/fields';
import { InputError } from '../errors/inputError';
import { describeModel, type ModelKind, type Models, readDescription } from './modelDescription';
import { type ParameterSpecification, type Parameters, unpack } from './parameters';
import { type NamedTensor, type NamedTensors, readSafetensors, writeSafetensors } from './safetensors';
import type { Tokenizer } from './tokenizer';

const configName = 'config.json';
const tensorsName = 'model.safetensors';

/**
 * Writes a model into a folder, which is made where it is not there, in the place of a model that it held.
 * @param tokenizer of a language model
 * @throws InputError where the folder cannot be written, for a model of another kind, and for a tokenizer of another
 *         vocabulary than the model's
 */
export function saveModel<K extends ModelKind>(
  folder: string,
  kind: K,
  model: Models[K],
  tokenizer?: Tokenizer,
): void {
  const fields = describeModel(kind, model, tokenizer);
  // what could not be loaded is not saved
  const { trained, frozen } = readDescription(kind, fields);
  const { parameters }: { parameters: Parameters } = model;
  checkNames(kind, parameters.specification, trained);
  const bytes = writeSafetensors(namedTensors(parameters, { ...frozen, ...trained }));
  const text = JSON.stringify({ ...fields, sha256: sha256Of(bytes) }, null, 2);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileAtomic.sync(join(folder, tensorsName), Buffer.from(bytes.buffer));
    writeFileAtomic.sync(join(folder, configName), `${text}\n`);
  } catch (error) {
    throw new InputError(`the model cannot be saved in ${folder}: ${(error as Error).message}.`);
  }
}

/**
 * Reads a model that `saveModel` wrote.
 * @returns the model, its parameters bit by bit those saved, and its tokenizer where it was saved with one
 * @throws  InputError for a file that is missing, cut off or of another save than the other, for a model of another
 *          kind, and for tensors that are not the config's
 */
export function loadModel<K extends ModelKind>(
  folder: string,
  kind: K,
): { readonly model: Models[K]; readonly tokenizer?: Tokenizer } {
  const { sha256, ...description } = inFile(folder, configName, (bytes) => {
    const fields = parseFields(bytes);
    const { sha256 } = fields;
    if (typeof sha256 !== 'string')
      throw new InputError(`it has no sha256; expected that of ${tensorsName}.`);
    return { ...readDescription(kind, fields), sha256 };
  });
  const { trained, frozen, tokenizer } = description;
  const tensors = inFile(folder, tensorsName, (bytes) => {
    const found = readSafetensors(bytes);
    checkSha256(sha256Of(bytes), sha256);
    checkTensors(found, { ...frozen, ...trained });
    return found;
  });
  const model = description.model({
    ...parametersOf(trained, tensors),
    ...(frozen && { frozen: parametersOf(frozen, tensors) }),
  });
  return { model, ...(tokenizer && { tokenizer }) };
}

/** Reads a file of a model's folder; a fault is told under the file's path. */
function inFile<Content>(folder: string, name: string, read: (bytes: Buffer) => Content): Content {
  const path = join(folder, name);
  try {
    return read(readBytes(path));
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${path}: ${error.message}`) : error;
  }
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new InputError(
      code === 'ENOENT'
        ? `it is missing; expected ${configName} and ${tensorsName} in the folder of a model.`
        : `it cannot be read: ${message}.`,
    );
  }
}

function parseFields(bytes: Buffer): Fields {
  let fields: unknown;
  try {
    fields = JSON.parse(bytes.toString());
  } catch {
    throw new InputError('it is no JSON, or cut off.');
  }
  if (!isFields(fields)) throw new InputError('it holds no JSON object.');
  return fields;
}

const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function checkSha256(found: string, expected: string): void {
  if (found === expected) return;
  throw new InputError(
    `its SHA-256 is ${found}; ${configName} expects ${expected}: the two are of different saves.`,
  );
}

function checkTensors(tensors: NamedTensors, expected: ParameterSpecification): void {
  const strange = Object.keys(tensors).find((name) => !Object.hasOwn(expected, name));
  if (strange)
    throw new InputError(`it has the tensor "${strange}"; ${configName} expects none of that name.`);
  for (const [name, { shape }] of Object.entries(expected)) {
    const found = Object.hasOwn(tensors, name)
      ? `has the shape ${shown(tensors[name]!.shape)}`
      : 'is missing';
    if (found !== `has the shape ${shown(shape)}`) {
      throw new InputError(`tensor "${name}" ${found}; ${configName} expects the shape ${shown(shape)}.`);
    }
  }
}

function checkNames(
  kind: ModelKind,
  trained: ParameterSpecification,
  expected: ParameterSpecification,
): void {
  const strange = Object.keys(trained).find((name) => !Object.hasOwn(expected, name));
  if (strange)
    throw new InputError(`the model trains "${strange}"; expected a ${kind}, which has none of that name.`);
  const missing = Object.keys(expected).find((name) => !Object.hasOwn(trained, name));
  if (missing) throw new InputError(`the model trains no "${missing}"; expected a ${kind}, which does.`);
}

/** Of a frozen trunk, what the model reads: the logits of the language model that it was are left out. */
export function namedTensors(parameters: Parameters, specification: ParameterSpecification): NamedTensors {
  const tensors: Record<string, NamedTensor> = {};
  tf.tidy(() => {
    const parameter = unpack(parameters);
    for (const [name, { shape }] of Object.entries(specification)) {
      tensors[name] = { shape, values: parameter(name).dataSync<'float32'>() };
    }
  });
  return tensors;
}

function parametersOf(specification: ParameterSpecification, tensors: NamedTensors): Parameters {
  const vector = tf.tidy(() => {
    const pieces = Object.keys(specification).map((name) => tf.tensor1d(tensors[name]!.values));
    return tf.variable(tf.concat(pieces));
  });
  return { specification, vector };
}
