/** Runs a cell's code, stretch by stretch, in a way that an interrupt can stop. */
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { Script, runInThisContext } = require('node:vm');
const { registerMap } = require('../sourceMaps.cjs');
const { forgetEditedModules } = require('../typescriptModules.cjs');
const { iterate, iterateAwaited } = require('./awaits.cjs');
const { Interrupted } = require('./cells.cjs');
const { compiledCell, compiler } = require('./compiledCells.cjs');
const { positionInCell } = require('./positions.cjs');

/**
 * @typedef {import('./cells.cjs').Cell} Cell
 * @typedef {Generator<unknown, void, unknown>} CellCode
 */

// Held from before the kernel replaces the global one, which stops with the cell that calls it.
const { setImmediate } = globalThis;

/** Signals, requests and rejections are noticed when the event loop turns. */
const eventLoopTurn = () => new Promise((resolve) => setImmediate(resolve));

/** The longest time, in ms, that a cell's code computes without a turn of the event loop where it awaits something. */
const stretch = 50;

/** The variables of all cells, by name. @type {Record<string, unknown>} */
const variables = {};
let declarations = '';

const requireFromRoot = createRequire(join(process.cwd(), 'cell.js'));

/** @type {() => unknown} */
let step = () => undefined;
runInThisContext('(step) => { globalThis.$step = step; }')(() => step());
const stepScript = new Script('$step()', { filename: __filename });

/** A library leaves a function here that mends its state after code of its own was cut off. */
const cutOffKey = Symbol.for('lab.kernel.cutOff');

/**
 * Runs code that SIGINT can stop even where it computes without end. It is cut off then: no `catch` or `finally` in
 * it runs.
 * @template T
 * @param {() => T} code
 * @returns {T}
 */
function stoppable(code) {
  step = code;
  try {
    return stepScript.runInThisContext({ breakOnSigint: true });
  } catch (error) {
    const { code: reason } = /** @type {NodeJS.ErrnoException} */ (error ?? {});
    if (reason !== 'ERR_SCRIPT_EXECUTION_INTERRUPTED') throw error;
    /** @type {{ [cutOffKey]?: () => void }} */ (globalThis)[cutOffKey]?.();
    throw new Interrupted();
  }
}

/**
 * Loads what a cell imports before its code runs: a module is loaded wholly or not at all, also when the cell is
 * interrupted meanwhile.
 * @param {string} code
 */
function loadImports(code) {
  for (const [, name] of code.matchAll(/^(?:const \w+ = )?(?:__import\w+\()?require\("(.+?)"\)\)?;$/gm)) {
    if (name !== undefined) requireFromRoot(name);
  }
}

/**
 * Drives a cell's code, which yields each promise that it awaits.
 * @param {CellCode} code
 * @param {Cell} cell
 */
async function drive(code, cell) {
  let turned = performance.now();
  let resume = () => code.next();
  for (;;) {
    const { done, value } = stoppable(resume);
    if (done) return;
    try {
      const awaited = await value;
      resume = () => code.next(awaited);
    } catch (error) {
      resume = () => code.throw(error);
    }
    if (performance.now() - turned > stretch) {
      await eventLoopTurn();
      turned = performance.now();
    }
    if (cell.stopReason !== undefined) resume = () => code.throw(new Interrupted());
  }
}

/** @param {Cell} cell */
function throwIfStopped({ stopReason }) {
  if (stopReason !== undefined) throw stopReason;
}

/**
 * Compiles and runs a cell's source. What it declares stays for later cells, also when it fails.
 * @param {string} source
 * @param {Cell} cell
 * @returns {Promise<unknown>} the value of its last expression
 */
async function execute(source, cell) {
  forgetEditedModules();
  const compiled = compiledCell(declarations, source);
  await eventLoopTurn();
  throwIfStopped(cell);
  declarations = compiled.declarations;
  if (compiled.code === '') return undefined;

  loadImports(compiled.code);
  await eventLoopTurn();
  throwIfStopped(cell);

  registerMap(cell.name, positionInCell(compiled));
  const wrapped = `(function* (exports, require, ${iterate}) {\n${compiled.code}\n})`;
  const script = new Script(wrapped, { filename: cell.name, lineOffset: -1 });
  await drive(script.runInThisContext()(variables, requireFromRoot, iterateAwaited), cell);

  if (compiled.resultName === undefined) return undefined;
  const result = variables[compiled.resultName];
  delete variables[compiled.resultName];
  return result;
}

module.exports = {
  eventLoopTurn,
  execute,
  /** @param {string} source @param {number} offset */
  complete: (source, offset) => compiler().completeCell(declarations, source, offset),
  /** @param {string} source @param {number} offset */
  inspect: (source, offset) => compiler().inspectCell(declarations, source, offset),
  /** @param {string} source */
  isComplete: (source) => compiler().isCompleteCode(source),
};
