/** What an executed notebook holds, and how a run is told in words. */
import { joined, labMetadata } from './normalize.mjs';

/** @typedef {import('./normalize.mjs').Notebook} Notebook */

const plotly = 'application/vnd.plotly.v1+json';

/** @param {Notebook} notebook */
const outputsOf = (notebook) => notebook.cells.flatMap(({ outputs = [] }) => outputs);

/** The PNG, in base64, of each figure; empty for a figure without one. @param {Notebook} notebook */
export function figures(notebook) {
  const drawn = outputsOf(notebook).filter(({ data }) => data && plotly in data);
  return drawn.map(({ data }) => String(data?.['image/png'] ?? ''));
}

/** The CSV files that the notebook linked to. @param {Notebook} notebook */
export function csvFiles(notebook) {
  const named = outputsOf(notebook).map((output) => labMetadata(output)?.csv);
  return [...new Set(named.filter((path) => path !== undefined))];
}

/** Which engine computed, as the notebook's first cell tells it; '' if it does not. @param {Notebook} notebook */
export function engineOf(notebook) {
  const named = outputsOf(notebook).map((output) => labMetadata(output)?.engine);
  return named.find((engine) => engine !== undefined) ?? '';
}

/** The indices of the cells that are run: the n-th of them is told as cell n. @param {Notebook} notebook */
export function codeCells({ cells }) {
  return [...cells.entries()]
    .filter(([, cell]) => cell.cell_type === 'code' && joined(cell.source).trim() !== '')
    .map(([index]) => index);
}

/** The heading that a cell stands under, or ''. @param {Notebook} notebook @param {number} index */
export function headingBefore({ cells }, index) {
  const headings = cells
    .slice(0, index)
    .filter(({ cell_type: type }) => type === 'markdown')
    .flatMap((cell) => joined(cell.source).match(/^#{1,6} .*$/gm) ?? []);
  return headings.at(-1)?.replace(/^#+ +/, '') ?? '';
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/**
 * Rows of text as columns: the first and the last start at the left, those between end at the right.
 * @param {readonly (readonly string[])[]} rows
 */
export function formatTable(rows) {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  const pad = (/** @type {string} */ text, /** @type {number} */ i) =>
    i === 0 || i === columns - 1 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0);
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}
