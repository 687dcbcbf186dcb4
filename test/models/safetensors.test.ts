import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../lib/errors/inputError';
import { type NamedTensors, readSafetensors, writeSafetensors } from '../../lib/models/safetensors';
import { pythonPath } from '../../lib/workspace/environment.mjs';

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Array.from(new Uint8Array(buffer, byteOffset, byteLength));

/** Numbers that are told apart by their bits alone, by their order in memory, or by being whole and finite. */
const hard = [0, -0, 1, -1.5, 1e-45, 3.4028234663852886e38, Infinity, -Infinity, Math.fround(0.1)];

const tensors: NamedTensors = {
  'b.weight': { shape: [3, 3], values: new Float32Array(hard) },
  a: { shape: [2], values: new Float32Array([7, 8]) },
  scalar: { shape: [], values: new Float32Array([-9]) },
  none: { shape: [2, 0], values: new Float32Array(0) },
  'γ "quoted"': { shape: [1, 1, 1], values: new Float32Array([0.5]) },
};

/** Names in the order of the file, with the bits of the values. */
const inBytes = (named: NamedTensors) =>
  Object.entries(named).map(([name, { shape, values }]) => ({ name, shape, bytes: bytesOf(values) }));

/** A file with a header and data of any kind. */
function fileOf(header: unknown, dataLength: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const anyTensors = fc
  .uniqueArray(
    fc.record({
      name: fc.string({ unit: 'binary' }).filter((name) => name !== '__metadata__'),
      shape: fc.array(fc.nat({ max: 3 }), { maxLength: 3 }),
    }),
    { selector: ({ name }) => name, maxLength: 5 },
  )
  .chain((described) =>
    fc.tuple(
      ...described.map(({ name, shape }) => {
        const size = shape.reduce((product, length) => product * length, 1);
        return fc
          .array(fc.float(), { minLength: size, maxLength: size })
          .map((values) => [name, { shape, values: new Float32Array(values) }] as const);
      }),
    ),
  )
  .map((entries): NamedTensors => Object.fromEntries(entries));

describe('a file', () => {
  it('is the header’s length, the header padded with spaces, and the values', () => {
    const values = new Float32Array([1, -2]);
    const header = '{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    expect(header).toHaveLength(54);
    const file = writeSafetensors({ x: { shape: [2], values } });
    expect(Array.from(file.subarray(0, 8))).toEqual([56, 0, 0, 0, 0, 0, 0, 0]);
    expect(new TextDecoder().decode(file.subarray(8, 64))).toBe(`${header}  `);
    // IEEE 754, little-endian: 0x3F800000 and 0xC0000000
    expect(Array.from(file.subarray(64))).toEqual([0, 0, 128, 63, 0, 0, 0, 192]);
  });

  it('gives all tensors back bit by bit', () => {
    expect(inBytes(readSafetensors(writeSafetensors(tensors)))).toEqual(inBytes(tensors));
    fc.assert(
      fc.property(anyTensors, (named) => {
        expect(inBytes(readSafetensors(writeSafetensors(named)))).toEqual(inBytes(named));
      }),
    );
  });

  it('takes a part of a longer array as what it is, and gives each tensor memory of its own', () => {
    const all = new Float32Array([1, 2, 3, 4]);
    const file = writeSafetensors({ x: { shape: [2], values: all.subarray(1, 3) } });
    // where the bytes begin at an odd place of their memory, too
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    const { x } = readSafetensors(shifted.subarray(1));
    shifted.fill(0);
    expect(Array.from(x!.values)).toEqual([2, 3]);
    expect(x!.values.buffer.byteLength).toBe(8);
  });

  it('may have texts and tensors in any order', () => {
    const file = fileOf(
      {
        late: { dtype: 'F32', shape: [1], data_offsets: [4, 8] },
        __metadata__: { format: 'pt' },
        early: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
      },
      8,
    );
    file[file.length - 1] = 64;
    const { early, late, ...further } = readSafetensors(file);
    expect([...early!.values, ...late!.values]).toEqual([0, 2]);
    expect(further).toEqual({});
  });

  it('is not made of a wrong number of values, nor under the name set aside', () => {
    const values = new Float32Array(3);
    expect(() => writeSafetensors({ x: { shape: [2], values } })).toThrow(
      'tensor "x" has 3 values for the shape [2]',
    );
    expect(() => writeSafetensors({ __metadata__: { shape: [3], values } })).toThrow('"__metadata__"');
  });
});

describe('what is refused', () => {
  const x = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
  const offsets = (...data_offsets: unknown[]) => ({ ...x, data_offsets });

  it.each<[string, Uint8Array, string]>([
    ['no header', new Uint8Array(7), "it has 7 bytes; expected 8 and more: first its header's length."],
    [
      'another format',
      new TextEncoder().encode('PK\u0003\u0004 is a zip archive'),
      "its header's length is 2338328217762614096 bytes; expected at most 100000000: it may be no safetensors file.",
    ],
    [
      'a cut header',
      fileOf({ x }, 8).subarray(0, 20),
      'it is cut off: its header has 12 bytes; expected 54.',
    ],
    ['a broken header', fileOf('{"x":', 0), 'its header is no JSON in UTF-8.'],
    ['a list as header', fileOf([1], 0), 'its header is [1]; expected an object.'],
    [
      'a number as tensor',
      fileOf({ x: 3 }, 0),
      'tensor "x" is described by 3; expected dtype, shape and data_offsets.',
    ],
    [
      'half floats',
      fileOf({ x: { ...x, dtype: 'F16' } }, 8),
      'tensor "x" has the dtype "F16"; expected "F32".',
    ],
    ['no dtype', fileOf({ x: { shape: [2] } }, 8), 'tensor "x" has the dtype undefined; expected "F32".'],
    [
      'a negative length',
      fileOf({ x: { ...x, shape: [-2] } }, 8),
      'tensor "x" has the shape [-2]; expected a list of whole numbers.',
    ],
    [
      'three offsets',
      fileOf({ x: offsets(0, 4, 8) }, 8),
      'tensor "x" has the data_offsets [0,4,8]; expected [begin, end].',
    ],
    [
      'a text as offset',
      fileOf({ x: offsets(0, '8') }, 8),
      'tensor "x" has the data_offsets [0,"8"]; expected [begin, end].',
    ],
    [
      'offsets of another size',
      fileOf({ x: offsets(0, 12) }, 12),
      'tensor "x" has the data_offsets [0,12]; expected the 8 bytes that its shape [2] takes.',
    ],
    [
      'an overlap',
      fileOf({ x, y: offsets(4, 12) }, 12),
      'tensor "y" begins at byte 4 of the data; expected 8: it overlaps another tensor.',
    ],
    [
      'a gap',
      fileOf({ x, y: offsets(12, 20) }, 20),
      'tensor "y" begins at byte 12 of the data; expected 8: the bytes before it belong to no tensor.',
    ],
    ['cut data', fileOf({ x }, 7), 'it is cut off: its data has 7 bytes; expected 8.'],
    ['more data', fileOf({ x }, 9), 'it goes on after its last tensor: its data has 9 bytes; expected 8.'],
  ])('%s', (_, file, message) => {
    expect(() => readSafetensors(file)).toThrow(new InputError(message));
  });

  it('is each file that is cut off, wherever', () => {
    const file = writeSafetensors(tensors);
    for (let length = 0; length < file.length; length++) {
      expect(() => readSafetensors(file.subarray(0, length))).toThrow(InputError);
    }
  });

  it('is said in one sentence, whatever the bytes are', () => {
    const file = writeSafetensors(tensors);
    const header = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
    let refused = 0;
    fc.assert(
      fc.property(fc.nat({ max: header - 1 }), fc.nat({ max: 255 }), (place, byte) => {
        const changed = Uint8Array.from(file);
        changed[place] = byte;
        try {
          readSafetensors(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          refused++;
        }
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});

describe('Python’s safetensors', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lab-safetensors-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function python(script: string): string {
    return execFileSync(process.env.LAB_TEST_PYTHON ?? pythonPath, ['-c', script], {
      cwd: folder,
      encoding: 'utf8',
    });
  }

  it('reads what is written here', () => {
    writeFileSync(join(folder, 'model.safetensors'), writeSafetensors(tensors));
    const printed = python(`
import json
from safetensors.numpy import load_file
for name, x in sorted(load_file('model.safetensors').items()):
    print(json.dumps({'name': name, 'dtype': str(x.dtype), 'shape': x.shape, 'bytes': list(x.tobytes())}))`);
    const found = printed
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const expected = inBytes(tensors).map((tensor) => ({ ...tensor, dtype: 'float32' }));
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    expect(found).toEqual(expected.sort(byName));
  });

  it('writes what is read here', () => {
    python(`
import numpy as np
from safetensors.numpy import save_file
save_file({
    'weight': np.array([[0, -0.0, 1], [np.inf, -np.inf, 1e-45]], np.float32),
    'bias': np.arange(3, dtype=np.float32),
    'scalar': np.array(0.1, np.float32),
}, 'model.safetensors', {'format': 'np'})`);
    const read = readSafetensors(readFileSync(join(folder, 'model.safetensors')));
    const expected: NamedTensors = {
      weight: { shape: [2, 3], values: new Float32Array([0, -0, 1, Infinity, -Infinity, 1e-45]) },
      bias: { shape: [3], values: new Float32Array([0, 1, 2]) },
      scalar: { shape: [], values: new Float32Array([0.1]) },
    };
    expect(Object.keys(read).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, { shape, values }] of Object.entries(expected)) {
      expect(read[name]!.shape).toEqual(shape);
      expect(bytesOf(read[name]!.values)).toEqual(bytesOf(values));
    }
  });

  it('writes other numbers than float32, which are refused', () => {
    python(`
import numpy as np
from safetensors.numpy import save_file
save_file({'x': np.zeros(2)}, 'model.safetensors')`);
    expect(() => readSafetensors(readFileSync(join(folder, 'model.safetensors')))).toThrow(
      'tensor "x" has the dtype "F64"; expected "F32".',
    );
  });
});
