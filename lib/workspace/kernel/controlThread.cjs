/**
 * A thread of its own for what Jupyter asks while a cell computes: the heartbeat, interrupts and the end.
 * Messages to the kernel's thread are received when its event loop turns; each is answered. A cell that keeps the loop
 * from turning is cut off by SIGINT, sent until the kernel answers: Node loses one that comes at the wrong moment.
 */
const { parentPort, workerData } = require('node:worker_threads');
const { openHeartbeat, openRequests } = require('./protocol.cjs');

/** How long, in ms, the kernel's thread may take to answer. */
const patience = 100;
const patienceAtEnd = 1000;

/** @type {NodeJS.Timeout | undefined} */
let insisting;

/** The replies to interrupts that the kernel's thread has not taken yet. @type {(() => void)[]} */
const unanswered = [];

parentPort?.on('message', () => {
  clearInterval(insisting);
  for (const answer of unanswered.splice(0)) answer();
});

/**
 * The reply waits until the interrupt has been taken: a cell that a client sends after it is not the one meant.
 * @param {() => void} answer
 */
function interrupt(answer) {
  unanswered.push(answer);
  clearInterval(insisting);
  insisting = setInterval(() => process.kill(process.pid, 'SIGINT'), patience);
  parentPort?.postMessage('interrupt');
}

/** The sockets are closed first: their library aborts a process that ends while another thread has some open. */
async function end() {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), patienceAtEnd);
  for (const socket of await Promise.all(sockets)) socket.close();
  parentPort?.postMessage('end');
}

/** @type {import('./protocol.cjs').Handler} */
function control({ header, content }, reply) {
  if (header.msg_type === 'interrupt_request') {
    interrupt(() => reply({ status: 'ok' }));
  } else if (header.msg_type === 'shutdown_request') {
    reply({ status: 'ok', restart: content.restart ?? false });
    void end();
  }
}

const sockets = [openRequests(workerData, 'control', control), openHeartbeat(workerData)];
