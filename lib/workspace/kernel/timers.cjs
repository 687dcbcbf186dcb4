/**
 * Timers end with a cell that was interrupted: a loop that waits on one, in the cell or in a library, stops there
 * even where it never asks whether to go on.
 */
const timersPromises = require('node:timers/promises');
const { currentCell } = require('./cells.cjs');

const abandoned = () => currentCell()?.abandoned === true;

/**
 * @template {(callback: (...values: unknown[]) => void, ...rest: never[]) => unknown} Timer
 * @param {Timer} timer
 * @returns {Timer}
 */
function stoppable(timer) {
  /** @param {(...values: unknown[]) => void} callback @param {never[]} rest */
  function start(callback, ...rest) {
    if (typeof callback !== 'function') return timer(callback, ...rest);
    /** @this {unknown} @param {unknown[]} values */
    function fire(...values) {
      if (!abandoned()) callback.apply(this, values);
    }
    return timer(fire, ...rest);
  }
  // util.promisify finds the promise form of a timer on the function itself.
  Object.defineProperties(start, Object.getOwnPropertyDescriptors(timer));
  return /** @type {Timer} */ (/** @type {unknown} */ (start));
}

/**
 * @template {(...args: never[]) => Promise<unknown>} Timer
 * @param {Timer} timer
 */
function stoppablePromise(timer) {
  /** @param {Parameters<Timer>} args */
  const start = async (...args) => {
    const value = await timer(...args);
    if (abandoned()) await new Promise(() => {});
    return value;
  };
  return start;
}

function installStoppableTimers() {
  Object.assign(globalThis, {
    setTimeout: stoppable(/** @type {never} */ (setTimeout)),
    setInterval: stoppable(/** @type {never} */ (setInterval)),
    setImmediate: stoppable(/** @type {never} */ (setImmediate)),
  });
  Object.assign(timersPromises, {
    setTimeout: stoppablePromise(timersPromises.setTimeout),
    setImmediate: stoppablePromise(timersPromises.setImmediate),
  });
}

module.exports = { installStoppableTimers };
