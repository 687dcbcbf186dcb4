/** What tells runs apart: a hash of all that decides what they compute, but for the seed. */
import { createHash } from 'node:crypto';
import { isFields } from '../../errors/fields';
import { withText } from './infinity';

/** JSON of which the order of an object's fields is no part. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(withText(value), (_, inner: unknown) =>
    isFields(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );

/** The first 8 hexadecimal digits of the SHA-256 of its canonical JSON. */
export const runId = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 8);
