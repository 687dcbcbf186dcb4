/**
 * The safetensors format: named tensors in one file, which Python, Rust and browsers read too.
 * https://huggingface.co/docs/safetensors
 *
 * 8 bytes give the header's length N (little-endian), N bytes are JSON, name → {dtype, shape, data_offsets}, and the
 * rest is the values, row by row, little-endian. Offsets count from the end of the header; the tensors lie one after
 * the other. The name `__metadata__` is set aside for texts, which are not read. Only float32 is written and read.
 */

import { type Fields, isFields, shown } from '../errors/fields';
import { InputError } from '../errors/inputError';

export interface NamedTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export type NamedTensors = Readonly<Record<string, NamedTensor>>;

const metadataName = '__metadata__';
/** The format's own limit, so that a header costs no more to read than it is worth. */
const longestHeader = 100_000_000;

const sizeOf = (shape: readonly number[]) => shape.reduce((size, length) => size * length, 1);

/** The bytes of a safetensors file. */
export function writeSafetensors(tensors: NamedTensors): Uint8Array {
  const header: [name: string, entry: unknown][] = [];
  let end = 0;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    if (name === metadataName) throw new Error(`a tensor cannot be called "${metadataName}".`);
    if (values.length !== sizeOf(shape)) {
      throw new Error(`tensor "${name}" has ${values.length} values for the shape [${shape.join(', ')}].`);
    }
    const begin = end;
    end += values.byteLength;
    header.push([name, { dtype: 'F32', shape, data_offsets: [begin, end] }]);
  }

  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  // spaces after the header let the values begin at a multiple of 8 bytes
  const start = 8 + 8 * Math.ceil(json.length / 8);
  const bytes = new Uint8Array(start + end).fill(' '.charCodeAt(0), 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(json, 8);
  let offset = start;
  for (const { values } of Object.values(tensors)) {
    // all machines that the lab runs on are little-endian, as the format is
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
    offset += values.byteLength;
  }
  return bytes;
}

/**
 * The tensors of a safetensors file, each with memory of its own.
 * @throws InputError for what is not as the format has it, and for a dtype other than F32
 */
export function readSafetensors(bytes: Uint8Array): NamedTensors {
  const { header, data } = splitHeader(bytes);
  const places = Object.entries(header)
    .filter(([name]) => name !== metadataName)
    .map(([name, entry]) => readPlace(name, entry));
  checkPlaces(places, data.length);
  return Object.fromEntries(
    places.map(({ name, shape, begin, end }) => [
      name,
      { shape, values: new Float32Array(new Uint8Array(data.subarray(begin, end)).buffer) },
    ]),
  );
}

interface Place {
  readonly name: string;
  readonly shape: readonly number[];
  /** Its first byte in the data, and the one after its last. */
  readonly begin: number;
  readonly end: number;
}

function splitHeader(bytes: Uint8Array): { readonly header: Fields; readonly data: Uint8Array } {
  if (bytes.length < 8) {
    throw new InputError(`it has ${bytes.length} bytes; expected 8 and more: first its header's length.`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > longestHeader) {
    throw new InputError(
      `its header's length is ${length} bytes; expected at most ${longestHeader}: it may be no safetensors file.`,
    );
  }
  const start = 8 + Number(length);
  if (start > bytes.length) {
    throw new InputError(`it is cut off: its header has ${bytes.length - 8} bytes; expected ${length}.`);
  }
  const header = parseHeader(bytes.subarray(8, start));
  if (!isFields(header)) throw new InputError(`its header is ${shown(header)}; expected an object.`);
  return { header, data: bytes.subarray(start) };
}

function parseHeader(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new InputError('its header is no JSON in UTF-8.');
  }
}

function readPlace(name: string, entry: unknown): Place {
  if (!isFields(entry)) {
    throw new InputError(
      `tensor "${name}" is described by ${shown(entry)}; expected dtype, shape and data_offsets.`,
    );
  }
  const { dtype, shape, data_offsets: offsets } = entry;
  const refuse = (field: string, value: unknown, expected: string) =>
    new InputError(`tensor "${name}" has the ${field} ${shown(value)}; expected ${expected}.`);
  if (dtype !== 'F32') throw refuse('dtype', dtype, '"F32"');
  if (!isCounts(shape)) throw refuse('shape', shape, 'a list of whole numbers');
  if (!isCounts(offsets) || offsets.length !== 2) throw refuse('data_offsets', offsets, '[begin, end]');
  const [begin, end] = offsets as [number, number];
  const size = 4 * sizeOf(shape);
  if (end - begin !== size) {
    throw refuse('data_offsets', offsets, `the ${size} bytes that its shape ${shown(shape)} takes`);
  }
  return { name, shape, begin, end };
}

/** The tensors fill the data: none overlaps another, and no byte is left over. */
function checkPlaces(places: readonly Place[], available: number): void {
  let filled = 0;
  for (const { name, begin, end } of [...places].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== filled) {
      const fault = begin < filled ? 'it overlaps another tensor' : 'the bytes before it belong to no tensor';
      throw new InputError(
        `tensor "${name}" begins at byte ${begin} of the data; expected ${filled}: ${fault}.`,
      );
    }
    filled = end;
  }
  if (filled !== available) {
    const fault = available < filled ? 'is cut off' : 'goes on after its last tensor';
    throw new InputError(`it ${fault}: its data has ${available} bytes; expected ${filled}.`);
  }
}

const isCounts = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((length) => Number.isSafeInteger(length) && length >= 0);
