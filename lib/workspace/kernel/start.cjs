/**
 * The Jupyter kernel: TypeScript cells through tslab's converter, in one Node process at the project's root.
 *   node start.cjs CONNECTION_FILE
 */
const { readFileSync, writeSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { Writable } = require('node:stream');
const { Worker } = require('node:worker_threads');

/** @type {import('./protocol.cjs').Connection} */
const connection = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const controlThread = new Worker(join(__dirname, 'controlThread.cjs'), {
  workerData: connection,
  stdout: true, // Else Node opens the streams of the process, which `redirectToCells` keeps closed.
  stderr: true,
});

const { cacheFolder } = require('../cacheFolder.cjs');
const { endTracesAt } = require('../sourceMaps.cjs');
const { currentCell } = require('./cells.cjs');
const { compiler } = require('./compiledCells.cjs');
const { keepIn } = require('./diskCache.cjs');
const { createExecutions } = require('./executions.cjs');
const { openPublisher, openRequests } = require('./protocol.cjs');
const { answers } = require('./requests.cjs');
const { installStoppableTimers } = require('./timers.cjs');

/**
 * What a cell's code writes to a stream of the process is the cell's output. Node's own stream is never opened: it
 * would make the file non-blocking, which the process that started the kernel may write to as well.
 * @param {'stdout' | 'stderr'} name
 * @param {number} fd
 */
function redirectToCells(name, fd) {
  /**
   * @param {string | Uint8Array} chunk
   * @param {BufferEncoding | ((error?: Error | null) => void)} [encoding]
   * @param {(error?: Error | null) => void} [callback]
   */
  function write(chunk, encoding, callback) {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    const cell = currentCell();
    if (cell === undefined) writeSync(fd, text);
    else cell.output.write(name, text);
    const done = typeof encoding === 'function' ? encoding : callback;
    if (done) process.nextTick(done);
    return true;
  }
  Object.defineProperty(process, name, {
    value: Object.assign(new Writable(), { fd, write }),
    configurable: true,
  });
}

/**
 * What a cell displays.
 * @param {import('./output.cjs').Bundle} bundle
 * @param {boolean} update
 */
function display(bundle, update) {
  currentCell()?.output.display(update ? 'update_display_data' : 'display_data', {
    transient: {},
    ...bundle,
  });
}

/** tslab's own `display` comes here too; the module that it asks is not loaded, since it would load TypeScript. */
function takeDisplays() {
  const path = require.resolve('tslab/dist/jupyter');
  const jupyter = new Module(path);
  jupyter.exports = { lastWriteDisplayData: display };
  require.cache[path] = jupyter;
}

/** A kernel whose Jupyter was killed ends as well. */
function endWithParent() {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  }, 1000).unref();
}

/** How long, in ms, nothing is asked of an idle kernel. */
const idleTime = 1000;

// Held from before the kernel replaces them, which stop with the cell that calls them.
const { setTimeout, clearTimeout } = globalThis;

/** @type {NodeJS.Timeout | undefined} */
let idle;

/**
 * The compiler gets ready while nobody waits for the kernel: a notebook whose cells are known never needs it.
 * @param {() => boolean} isIdle
 */
function warmWhenIdle(isIdle) {
  clearTimeout(idle);
  idle = setTimeout(() => isIdle() && compiler().warmConverter(), idleTime).unref();
}

async function start() {
  endTracesAt(__dirname);
  Error.stackTraceLimit = 100; // A frame in a cell may lie under many of a library's.
  keepIn(join(cacheFolder, 'compiled'));
  const publish = await openPublisher(connection);
  const rest = () => warmWhenIdle(() => executions.running() === undefined);
  const executions = createExecutions(publish, rest);

  controlThread.on('message', (message) => {
    controlThread.postMessage('received');
    if (message === 'end') process.exit(0);
    executions.interrupt();
  });
  process.on('SIGINT', executions.interrupt);
  process.on('uncaughtException', executions.uncaught);
  process.on('unhandledRejection', executions.uncaught);
  endWithParent();

  redirectToCells('stdout', 1);
  redirectToCells('stderr', 2);
  takeDisplays();
  Object.assign(globalThis, {
    [Symbol.for('lab.kernel.interrupted')]: () => currentCell()?.stopReason !== undefined,
  });
  installStoppableTimers();

  await openRequests(connection, 'stdin', () => {});
  await openRequests(connection, 'shell', (request, reply) => {
    const type = request.header.msg_type;
    if (type === 'execute_request') return executions.add({ request, reply });
    const answer = answers[type];
    if (answer === undefined) return;
    publish('status', { execution_state: 'busy' }, request);
    try {
      reply(answer(request.content));
    } catch (error) {
      reply({ status: 'error', ename: 'Error', evalue: String(error), traceback: [] });
    }
    publish('status', { execution_state: 'idle' }, request);
    // Clients take the last state that they hear of for the kernel's.
    const running = executions.running();
    if (running) publish('status', { execution_state: 'busy' }, running);
    rest();
  });
}

void start();
