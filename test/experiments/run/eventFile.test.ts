import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEventFile } from '../../../lib/experiments/run/eventFile';
import golden from '../../golden/eventFile.json';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-events-'));
  path = join(folder, 'events.out.tfevents.test');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Row {
  readonly step: number;
  readonly wallTime: number;
  readonly numbers: Readonly<Record<string, number | null>>;
}

function write(rows: readonly Row[], keepUntil = 0, start = 0.5): Buffer {
  const file = openEventFile(path, keepUntil, start);
  for (const { step, numbers, wallTime } of rows) file.append(step, numbers, wallTime);
  file.sync();
  file.close();
  return readFileSync(path);
}

/** A reader of protocol buffers of its own: the fields of a message, each a number or bytes. */
function fields(bytes: Buffer): [number, number | Buffer][] {
  const found: [number, number | Buffer][] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(bytes[at++]!);
      value |= (byte & 127n) << shift;
      if (byte < 128n) return Number(value);
    }
  };
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const read = {
      0: varint,
      1: () => take(8).readDoubleLE(),
      2: () => take(varint()),
      5: () => take(4).readFloatLE(),
    };
    found.push([key >> 3, read[(key & 7) as keyof typeof read]()]);
  }
  return found;
}

/** The events of a file but the first, which tells the version. */
function rowsOf(file: Buffer): Row[] {
  const events: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    events.push(file.subarray(at + 12, at + 12 + length));
    at += length + 16;
  }
  expect(fields(events[0]!)[1]).toEqual([3, Buffer.from('brain.Event:2')]);
  return events.slice(1).map((event) => {
    const parts = Object.fromEntries(fields(event)) as { 1: number; 2?: number; 5: Buffer };
    const numbers = fields(parts[5]).map(([, value]) => {
      const { 1: tag, 2: number } = Object.fromEntries(fields(value as Buffer));
      return [(tag as Buffer).toString(), number];
    });
    return { step: parts[2] ?? 0, wallTime: parts[1], numbers: Object.fromEntries(numbers) };
  });
}

it("is, byte by byte, what TensorBoard's own writer makes, and what its reader reads", () => {
  const { start, rows, hex } = golden.tensorboard;
  expect(write(rows as unknown as Row[], 0, start).toString('hex')).toBe(hex);
});

it('has an event that tensorboardX would have written', () => {
  const { step, numbers, wallTime, hex } = golden.tensorboardX;
  expect(write([{ step, numbers, wallTime }]).toString('hex').endsWith(hex)).toBe(true);
});

const row = fc.record({
  wallTime: fc.double({ min: 1, max: 4e9, noNaN: true }),
  // what float32 holds
  numbers: fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), fc.option(fc.float())),
});
const rows = fc.array(row, { maxLength: 8 }).chain((list) =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), {
      minLength: list.length,
      maxLength: list.length,
    })
    .map((steps) => {
      const rising = [...steps].sort((a, b) => a - b);
      return list.map((item, i): Row => ({ step: rising[i]!, ...item }));
    }),
);
const finite = ({ numbers, ...rest }: Row): Row => ({
  ...rest,
  numbers: Object.fromEntries(Object.entries(numbers).filter(([, number]) => Number.isFinite(number))),
});

it('gives back each step, time, tag and finite number', () => {
  fc.assert(
    fc.property(rows, (list) => {
      expect(rowsOf(write(list))).toEqual(list.map(finite));
    }),
    { numRuns: 50 },
  );
});

it('is, resumed after any row and wherever it was cut off behind it, what it would be without a break', () => {
  fc.assert(
    fc.property(rows, fc.nat(), fc.nat(), (list, place, tail) => {
      const whole = write(list);
      const keep = list.length === 0 ? 0 : place % list.length;
      const kept = list.slice(0, keep);
      const { length } = write(kept);
      write(list);
      truncateSync(path, length + (tail % (whole.length - length + 1)));
      const resumed = write(list.slice(keep), kept.at(-1)?.step ?? 0);
      expect(resumed.equals(whole)).toBe(true);
    }),
    { numRuns: 50 },
  );
});
