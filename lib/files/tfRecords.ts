/**
 * TFRecord, the frame of TensorFlow's record files:
 *   uint64 length | uint32 masked CRC-32C of the length | data | uint32 masked CRC-32C of the data
 * in little-endian: tensorflow/core/lib/io/record_writer.h.
 */
import { crc32c } from './crc32c';

/** The CRC of data that itself holds CRCs is troublesome, so that the format rotates it and adds a constant. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

export function tfRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(16 + data.length);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return record;
}

/** The data of each record up to the first that is not whole. */
export function readTfRecords(bytes: Uint8Array): Uint8Array[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  let at = 0;
  while (at + 16 <= buffer.length) {
    const length = Number(buffer.readBigUInt64LE(at));
    const end = at + 16 + length;
    if (buffer.readUInt32LE(at + 8) !== maskedCrc(buffer.subarray(at, at + 8)) || end > buffer.length) break;
    const data = buffer.subarray(at + 12, end - 4);
    if (buffer.readUInt32LE(end - 4) !== maskedCrc(data)) break;
    records.push(data);
    at = end;
  }
  return records;
}
