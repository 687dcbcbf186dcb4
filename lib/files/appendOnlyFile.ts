/** A file that only grows, and is whole up to its last write whenever the process ends. */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  statSync,
  writeSync,
} from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import writeFileAtomic from 'write-file-atomic';
import { InputError } from '../errors/inputError';

/** All throw an InputError that names the file and the reason, such as a full disk. */
export interface AppendOnlyFile {
  /** All of it or nothing; at once, so that it outlives the process. */
  write(content: string | Uint8Array): void;
  /** Waits until the disk has it, so that it outlives the machine's power too. */
  sync(): void;
  close(): void;
}

/**
 * @param kept what of its content stays, in the same order; where this is not all, it takes the file's place atomically
 * @throws InputError where the file cannot be written
 */
export function openAppendOnly(path: string, kept: string | Uint8Array): AppendOnlyFile {
  const told = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw unwritable(path, error as NodeJS.ErrnoException);
    }
  };

  const file = told(() => {
    const content = Buffer.from(kept);
    // a part of the content that is as long is all of it
    if (existsSync(path) && statSync(path).size !== content.length) writeFileAtomic.sync(path, content);
    return openSync(path, 'a');
  });
  let size = fstatSync(file).size;

  return {
    write: (content) =>
      told(() => {
        const bytes = Buffer.from(content);
        try {
          let done = 0;
          while (done < bytes.length) done += writeSync(file, bytes, done);
        } catch (error) {
          takeBack(file, size);
          throw error;
        }
        size += bytes.length;
      }),
    sync: () => told(() => fsyncSync(file)),
    close: () => told(() => closeSync(file)),
  };
}

/** What a write left of itself before it failed. */
function takeBack(file: number, size: number): void {
  try {
    ftruncateSync(file, size);
  } catch {
    // why the write failed is what counts; who opens the file next drops its last, torn line
  }
}

/** One sentence of what the file system refused. */
export function unwritable(path: string, error: NodeJS.ErrnoException): InputError {
  const [, reason] = getSystemErrorMap().get(error.errno ?? 0) ?? ['', error.message];
  return new InputError(`${path} cannot be written: ${reason}.`);
}
