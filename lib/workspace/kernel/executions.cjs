/** The queue of execute requests: one cell runs at a time, and what happens to it is told in Jupyter's messages. */
const { inspect } = require('node:util');
const { Interrupted, currentCell, runInCell } = require('./cells.cjs');
const { errorContent } = require('./errors.cjs');
const { eventLoopTurn, execute } = require('./execute.cjs');
const { createOutput } = require('./output.cjs');

/**
 * @typedef {import('./cells.cjs').Cell} Cell
 * @typedef {import('./errors.cjs').ErrorContent} ErrorContent
 * @typedef {import('./protocol.cjs').Request} Request
 * @typedef {import('./protocol.cjs').Publish} Publish
 * @typedef {{ request: Request, reply: (content: Record<string, unknown>) => void }} Execution
 */

/** How long, in ms, an interrupted cell may take to end by itself before it is replied to without its code. */
const unwindTime = 250;

/** How long, in ms, a failed cell waits for what was sent before its failure could be seen: cells and interrupts. */
const abortTime = 50;

// Held from before the kernel replaces the global one, which stops with the cell that calls it.
const { setTimeout } = globalThis;

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {Publish} publish @param {() => void} rest is called when no cell waits */
function createExecutions(publish, rest) {
  /** @type {Execution[]} */
  let queue = [];
  /** @type {Cell | undefined} */
  let running;
  let draining = false;
  let executionCount = 0;
  /** Errors of cells that had ended, for the next reply. @type {(ErrorContent & { msg_id: string })[]} */
  let lateErrors = [];

  /**
   * @param {Request} request
   * @param {string} source
   * @param {string} name
   * @param {boolean} silent
   */
  function createCell(request, source, name, silent) {
    /** @type {(error: unknown) => void} */
    let fail = () => {};
    /** @type {Promise<never>} */
    const failure = new Promise((_resolve, reject) => {
      fail = reject;
    });
    failure.catch(() => {}); // It may come when the cell has ended otherwise.
    const output = createOutput((type, content) => {
      if (!silent) publish(type, content, request);
    });
    const state = { running: true, stopReason: undefined, abandoned: false };
    /** @type {Cell} */
    const cell = { name, source, request, output, ...state, fail };
    return { cell, failure };
  }

  /**
   * Runs a cell to its end or to its failure, whichever comes first.
   * @param {Cell} cell
   * @param {Promise<never>} failure
   * @returns {Promise<unknown>} the value of its last expression
   */
  async function finish(cell, failure) {
    let ended = false;
    const code = runInCell(cell, () => execute(cell.source, cell)).finally(() => {
      ended = true;
    });
    try {
      const value = await Promise.race([code, failure]);
      // A rejection that nothing handles is known a turn later: the cell that it comes from fails.
      await Promise.race([eventLoopTurn(), failure]);
      if (cell.stopReason !== undefined) throw cell.stopReason;
      return value;
    } catch (error) {
      if (error instanceof Interrupted) cell.stopReason ??= error;
      throw cell.stopReason ?? error;
    } finally {
      cell.running = false;
      cell.abandoned = !ended;
    }
  }

  /** @param {Execution} execution */
  async function run({ request, reply }) {
    const { code, silent = false, store_history = true, stop_on_error = true } = request.content;
    const counted = store_history && !silent;
    if (counted) executionCount += 1;
    const execution_count = executionCount;
    const name = counted ? `cell [${execution_count}]` : 'cell [*]';
    const { cell, failure } = createCell(request, code, name, silent);
    running = cell;
    publish('status', { execution_state: 'busy' }, request);
    if (!silent) publish('execute_input', { code, execution_count }, request);

    /** @type {ErrorContent | undefined} */
    let error;
    try {
      const value = await finish(cell, failure);
      if (value !== undefined && value !== null) {
        const data = { 'text/plain': typeof value === 'string' ? value : inspect(value) };
        cell.output.display('execute_result', { execution_count, data, metadata: {} });
      }
    } catch (thrown) {
      error = errorContent(thrown, cell);
      cell.output.display('error', error);
    }
    if (cell.abandoned) cell.output.close();
    else cell.output.flush();

    if (error) await pause(abortTime);
    if (error && stop_on_error) {
      for (const aborted of queue) answer(aborted, { status: 'aborted', execution_count });
      queue = [];
    }
    const outcome = error
      ? { status: 'error', ...error }
      : { status: 'ok', payload: [], user_expressions: {} };
    const late = lateErrors.length > 0 ? { late_errors: lateErrors } : {};
    lateErrors = [];
    running = undefined;
    reply({ ...outcome, execution_count, ...late });
    publish('status', { execution_state: 'idle' }, request);
  }

  /** @param {Execution} execution @param {Record<string, unknown>} content */
  function answer({ request, reply }, content) {
    publish('status', { execution_state: 'busy' }, request);
    reply(content);
    publish('status', { execution_state: 'idle' }, request);
  }

  async function runQueue() {
    for (let next = queue.shift(); next; next = queue.shift()) await run(next);
    draining = false;
    rest();
  }

  return {
    /** @param {Execution} execution */
    add(execution) {
      queue.push(execution);
      if (draining) return;
      draining = true;
      void runQueue();
    },

    /** The request of the cell that runs. */
    running: () => running?.request,

    interrupt() {
      const cell = running;
      if (!cell?.running || cell.stopReason !== undefined) return;
      const reason = new Interrupted();
      cell.stopReason = reason;
      setTimeout(() => cell.fail(reason), unwindTime);
    },

    /**
     * An error that nothing caught fails the cell that it comes from. Where that cell has ended, it is shown there,
     * and the next reply tells of it.
     * @param {unknown} error
     */
    uncaught(error) {
      const cell = currentCell();
      if (cell === undefined) return console.error(error);
      if (cell.stopReason !== undefined) return; // What a stopped cell still does is not heard.
      if (cell.running) {
        cell.stopReason = error ?? new Error(`${error} was thrown`);
        cell.fail(cell.stopReason);
      } else {
        const content = errorContent(error, cell);
        cell.output.display('error', content);
        lateErrors.push({ msg_id: cell.request.header.msg_id, ...content });
      }
    },
  };
}

module.exports = { createExecutions };
