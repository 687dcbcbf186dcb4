/** Links to the CSVs that a notebook wrote. */
import { join, relative, sep } from 'node:path';
import { root } from '../environment.mjs';

/** @typedef {import('./normalize.mjs').Notebook} Notebook */

/**
 * A notebook's links lead from the folder of notebooks; in a copy that lies in `folder` they are to lead from there.
 * @param {Notebook} notebook @param {string} folder
 * @returns {Notebook}
 */
export function linkFrom(notebook, folder) {
  const copy = structuredClone(notebook);
  for (const { metadata, data } of copy.cells.flatMap(({ outputs }) => outputs ?? [])) {
    const csv = /** @type {{ csv?: string } | undefined} */ (metadata?.lab)?.csv;
    const html = data?.['text/html'];
    if (!csv || !html) continue;
    const href = encodeURI(relative(folder, join(root, csv)).split(sep).join('/'));
    const text = Array.isArray(html) ? html.join('') : String(html);
    Object.assign(data, { 'text/html': [text.replace(/href="[^"]*"/, () => `href="${href}"`)] });
  }
  return copy;
}
