/** Which cell a piece of running code belongs to: the code that a cell starts stays its own, also after it is done. */
const { AsyncLocalStorage } = require('node:async_hooks');

/**
 * @typedef {object} Cell
 * @property {string} name as traces call it
 * @property {string} source
 * @property {import('./protocol.cjs').Request} request
 * @property {import('./output.cjs').Output} output
 * @property {boolean} running until its reply
 * @property {unknown} stopReason why its code is to stop; undefined while it may go on
 * @property {boolean} abandoned replied to although its code had not ended: that code is heard no more
 * @property {(error: unknown) => void} fail ends the cell, whatever its code still waits for
 */

/** What a cell fails with when it is interrupted. */
class Interrupted extends Error {
  constructor() {
    super('the cell was stopped');
    this.name = 'Interrupted';
  }
}

/** @type {AsyncLocalStorage<Cell>} */
const storage = new AsyncLocalStorage();

/** @type {Cell | undefined} */
let latest;

/**
 * @template T
 * @param {Cell} cell
 * @param {() => T} code
 */
function runInCell(cell, code) {
  latest = cell;
  return storage.run(cell, code);
}

/** The cell that the calling code belongs to; code that belongs to none is counted to the latest. */
function currentCell() {
  return storage.getStore() ?? latest;
}

module.exports = { Interrupted, currentCell, runInCell };
