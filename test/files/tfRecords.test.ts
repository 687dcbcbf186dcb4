import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readTfRecords, tfRecord } from '../../lib/files/tfRecords';

const data = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 5 });
const plain = (records: readonly Uint8Array[]) => records.map((bytes) => [...bytes]);
/** Those that end before a byte: each has a frame of 16. */
const wholeUntil = (records: readonly Uint8Array[], at: number) =>
  records.filter((_, i) => Buffer.concat(records.slice(0, i + 1)).length + 16 * (i + 1) <= at);

it('gives back what was framed, up to the place at which it was cut', () => {
  fc.assert(
    fc.property(data, fc.nat(), (records, place) => {
      const bytes = Buffer.concat(records.map(tfRecord));
      expect(plain(readTfRecords(bytes))).toEqual(plain(records));
      const cut = place % bytes.length;
      expect(plain(readTfRecords(bytes.subarray(0, cut)))).toEqual(plain(wholeUntil(records, cut)));
    }),
  );
});

it('stops at a record in which a single bit has changed', () => {
  fc.assert(
    fc.property(data, fc.nat(), fc.nat({ max: 7 }), (records, place, bit) => {
      const bytes = Buffer.concat(records.map(tfRecord));
      const at = place % bytes.length;
      bytes[at]! ^= 1 << bit;
      expect(plain(readTfRecords(bytes))).toEqual(plain(wholeUntil(records, at)));
    }),
  );
});
