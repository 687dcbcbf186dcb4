import { isAbsolute, join, relative, resolve, sep } from 'node:path';

/** Where results are: --out, or LAB_RESULTS, or data/results. */
export const resultsFolder = (out: string | null): string =>
  resolve(out ?? (process.env.LAB_RESULTS || join('data', 'results')));

/** From the project's folder where it lies within. */
export function shownPath(path: string): string {
  const within = relative('', path);
  return within === '..' || within.startsWith(`..${sep}`) || isAbsolute(within) ? path : within;
}
