/**
 * A run's numbers for TensorBoard: a file of events, each a protocol buffer in a TFRecord.
 *   Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5 }
 *   Summary { repeated Value value = 1 },  Value { string tag = 1; float simple_value = 2 }
 * tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto. TensorBoard takes every file for one whose
 * name holds "tfevents".
 */
import { existsSync, readFileSync } from 'node:fs';
import { openAppendOnly } from '../../files/appendOnlyFile';
import { readTfRecords, tfRecord } from '../../files/tfRecords';

export const eventFileName = 'events.out.tfevents.lab';

export interface EventFile {
  /**
   * One event that holds a step's numbers, each under its name as tag, in float32; those missing, NaN and ±∞ are left out.
   * @param wallTime seconds since 1970
   */
  append(step: number, numbers: Readonly<Record<string, number | null>>, wallTime?: number): void;
  sync(): void;
  close(): void;
}

/**
 * @param keepUntil the last step whose events stay, with the time at which they were written; 0 begins anew. A
 *                  TensorBoard that shows the file while it is cut has to be started again.
 * @throws          InputError where the file cannot be written
 */
export function openEventFile(path: string, keepUntil: number, wallTime = now()): EventFile {
  const events = existsSync(path) ? readTfRecords(readFileSync(path)) : [];
  const kept = keepUntil > 0 ? events.filter((event) => stepOf(event) <= keepUntil) : [];
  const file = openAppendOnly(path, Buffer.concat(kept.map(tfRecord)));
  if (kept.length === 0) file.write(tfRecord(event(wallTime, 0, text(3, 'brain.Event:2'))));

  return {
    append: (step, numbers, wallTime = now()) => {
      const values = Object.entries(numbers).flatMap(([tag, number]) =>
        number !== null && Number.isFinite(number) ? [message(1, text(1, tag), float(2, number))] : [],
      );
      file.write(tfRecord(event(wallTime, step, message(5, ...values))));
    },
    sync: file.sync,
    close: file.close,
  };
}

const now = () => Date.now() / 1000;

function event(wallTime: number, step: number, content: Uint8Array): Uint8Array {
  // a field that is 0 is not written
  return Buffer.concat([double(1, wallTime), ...(step === 0 ? [] : [key(2, 0), varint(step)]), content]);
}

/** Of an event as `event` writes it: after the 9 bytes of wall_time. */
function stepOf(event: Uint8Array): number {
  if (event[9] !== key(2, 0)[0]) return 0;
  let step = 0;
  for (let i = 10, place = 1; i < event.length; i++, place *= 128) {
    step += (event[i]! & 127) * place;
    if (event[i]! < 128) break;
  }
  return step;
}

/** A field's number and how it is written: 0 varint, 1 of 8 bytes, 2 of a length, 5 of 4 bytes. */
const key = (field: number, wire: 0 | 1 | 2 | 5) => Uint8Array.of((field << 3) | wire);

/** 7 bits a byte, the lowest first; all but the last have bit 8 set. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.of(...bytes, rest);
}

function double(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([key(field, 1), bytes]);
}

function float(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([key(field, 5), bytes]);
}

function message(field: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([key(field, 2), varint(content.length), content]);
}

const text = (field: number, value: string) => message(field, Buffer.from(value));
