/** What the command line and a file ask for together. */
import { readFileSync } from 'node:fs';
import { type Fields, isFields } from '../errors/fields';
import { InputError } from '../errors/inputError';
import { readSweepRequest } from '../experiments/config/requestSchema';
import type { SweepRequest } from '../experiments/config/sweepRequest';
import type { RunOptions } from './options';

/**
 * Seed 1, unless any is said. What the command line says comes before the file's; of `set`, name by name.
 * @throws InputError for a file that is no JSON object, and for the first problem of the request
 */
export function requestOf({ fields, config }: Pick<RunOptions, 'fields' | 'config'>): SweepRequest {
  const filed = config === null ? {} : readFields(config);
  const both = isFields(filed.set) && isFields(fields.set) ? { set: { ...filed.set, ...fields.set } } : {};
  return readSweepRequest({ seeds: [1], ...filed, ...fields, ...both }, config ?? 'the command line');
}

function readFields(path: string): Fields {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(
      `--config is "${path}", which cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
  try {
    const fields: unknown = JSON.parse(text);
    if (isFields(fields)) return fields;
  } catch (error) {
    throw new InputError(`${path} is no JSON: ${(error as Error).message.replace(/\.$/, '')}.`);
  }
  throw new InputError(`${path} holds no object; expected {"task": …, "algorithm": …, "seeds": …}.`);
}
