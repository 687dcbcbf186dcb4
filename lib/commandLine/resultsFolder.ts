import { isAbsolute, relative, resolve, sep } from 'node:path';
import { resultsFolder as usualFolder } from '../files/resultsFolder';

/** Where results are: --out, or where they go without it. */
export const resultsFolder = (out: string | null): string => resolve(out ?? usualFolder());

/** From the project's folder where it lies within. */
export function shownPath(path: string): string {
  const within = relative('', path);
  return within === '..' || within.startsWith(`..${sep}`) || isAbsolute(within) ? path : within;
}
