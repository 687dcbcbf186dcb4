/** How a notebook that failed is told: where it failed, the line that threw, and what it said. */
import { headingBefore } from './summary.mjs';

/** @typedef {import('./normalize.mjs').Notebook} Notebook */
/** @typedef {Extract<import('./execute.mjs').ExecutionEvent, { event: 'error' }>} ErrorEvent */
/** @typedef {Extract<import('./execute.mjs').ExecutionEvent, { event: 'dead' }>} DeadEvent */

/** @param {readonly string[]} lines */
const indented = (lines) => lines.map((line) => `\n${line}`.replaceAll('\n', '\n    ')).join('');

/**
 * The kernel's traceback starts with the error's name and message, and quotes the lines that threw.
 * @param {string} name
 * @param {Notebook} notebook
 * @param {ErrorEvent} error
 */
export function explainError(name, notebook, { cell, index, name: error, message, traceback, late }) {
  const heading = headingBefore(notebook, index);
  const where = `${name}: cell ${cell}${heading && ` ("${heading}")`} failed${late ? ' after it had ended' : ''}:`;
  return where + indented(traceback.length > 0 ? traceback : [`${error}: ${message}`]);
}

/**
 * @param {string} name
 * @param {DeadEvent} dead
 * @param {string} log what the kernel and its driver wrote to stderr
 */
export function explainDeath(name, { cell, reason }, log) {
  const words = log.trimEnd().split('\n').slice(-8).filter(Boolean);
  const where = cell === 0 ? 'did not start' : `died in cell ${cell}`;
  return `${name}: its kernel ${where} (${reason})${words.length > 0 ? `; its last words:${indented(words)}` : '.'}`;
}
