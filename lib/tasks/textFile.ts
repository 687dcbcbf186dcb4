import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { InputError } from '../errors/inputError';

/**
 * The text of a file in UTF-8, packed by gzip or not, without a byte order mark.
 * @throws InputError where the file cannot be read or unpacked
 */
export async function readTextFile(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(
      `${path} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}.`,
    );
  });
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const content = zipped
    ? await promisify(gunzip)(bytes).catch((error: Error) => {
        throw new InputError(`${path} cannot be unpacked: ${error.message}.`);
      })
    : bytes;
  return new TextDecoder().decode(content);
}
