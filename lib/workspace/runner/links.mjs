/** Links to the CSVs that a notebook wrote. */
import { join, relative, sep } from 'node:path';
import { root } from '../environment.mjs';
import { joined, labMetadata } from './normalize.mjs';

/** @typedef {import('./normalize.mjs').Notebook} Notebook */

/**
 * A notebook's links lead from the folder of notebooks; in a copy that lies in `folder` they are to lead from there.
 * @param {Notebook} notebook @param {string} folder
 * @returns {Notebook}
 */
export function linkFrom(notebook, folder) {
  const copy = structuredClone(notebook);
  for (const output of copy.cells.flatMap(({ outputs }) => outputs ?? [])) {
    const { data } = output;
    const csv = labMetadata(output)?.csv;
    const html = data?.['text/html'];
    if (!csv || !html) continue;
    const href = encodeURI(relative(folder, join(root, csv)).split(sep).join('/'));
    Object.assign(data, { 'text/html': [joined(html).replace(/href="[^"]*"/, () => `href="${href}"`)] });
  }
  return copy;
}
