/**
 * Jupyter's wire protocol on ZeroMQ sockets, version 5.3:
 * https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol
 */
const { createHmac, randomUUID } = require('node:crypto');
const { createRequire } = require('node:module');

/** @type {typeof import('zeromq')} */
const zmq = createRequire(require.resolve('tslab'))('zeromq');

const version = '5.3';
const delimiter = Buffer.from('<IDS|MSG>');

/**
 * @typedef {{ msg_id: string, msg_type: string, session: string, username: string, date: string, version: string }} Header
 * @typedef {Record<string, unknown>} Content
 * @typedef {object} RequestContent what the requests that this kernel answers carry
 * @property {string} code
 * @property {boolean} [silent]
 * @property {boolean} [store_history]
 * @property {boolean} [stop_on_error]
 * @property {number} cursor_pos
 * @property {boolean} [restart]
 * @typedef {{ identities: Buffer[], header: Header, content: RequestContent }} Request
 * @typedef {(type: string, content: Content, request: Request) => void} Publish
 * @typedef {(request: Request, reply: (content: Content) => void) => void} Handler
 * @typedef {{ send(frames: (Buffer | string)[]): Promise<void> }} Sender
 * @typedef {Record<string, string> & { key: string }} Connection what Jupyter's connection file holds
 */

/** @param {string} key @param {readonly (Buffer | string)[]} parts */
function signature(key, parts) {
  if (key === '') return '';
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest('hex');
}

/**
 * @param {string} key
 * @param {Buffer[]} frames
 * @returns {Request | undefined} undefined for a message that is malformed or not signed with the key
 */
function decode(key, frames) {
  const start = frames.findIndex((frame) => frame.equals(delimiter));
  const [signed, ...parts] = frames.slice(start + 1);
  if (start < 0 || signed?.toString() !== signature(key, parts.slice(0, 4))) return undefined;
  const [header, , , content] = parts.map((part) => JSON.parse(part.toString()));
  return { identities: frames.slice(0, start), header, content };
}

const session = randomUUID();

/**
 * @param {Sender} socket
 * @param {string} key
 * @param {(Buffer | string)[]} address the client, or the topic on iopub
 * @param {string} type @param {Content} content @param {Request} request
 */
function send(socket, key, address, type, content, request) {
  const date = new Date().toISOString();
  const header = { msg_id: randomUUID(), msg_type: type, session, username: 'kernel', date, version };
  const parts = [header, request.header, {}, content].map((part) => JSON.stringify(part));
  const sent = socket.send([...address, delimiter, signature(key, parts), ...parts]);
  sent.catch(() => {}); // The client left, or the kernel is closing.
}

/**
 * Without a limit on what waits, a send is done when it returns: nothing is dropped, nothing has to be awaited.
 * Without the time limit of 0, zeromq would put off each 512th send, and then refuse the next as one too many.
 */
const unlimited = { sendHighWaterMark: 0, sendTimeout: 0 };

/** @param {Connection} connection @param {string} channel */
function address(connection, channel) {
  const { transport, ip, [`${channel}_port`]: port } = connection;
  if (port === undefined) throw new Error(`The connection file names no ${channel}_port.`);
  return transport === 'ipc' ? `ipc://${ip}-${port}` : `${transport}://${ip}:${port}`;
}

/**
 * Opens a channel that clients send requests on.
 * @param {Connection} connection
 * @param {'shell' | 'control' | 'stdin'} channel
 * @param {Handler} handle is told of the requests in their order
 */
async function openRequests(connection, channel, handle) {
  const socket = new zmq.Router(unlimited);
  await socket.bind(address(connection, channel));
  void (async () => {
    for await (const frames of socket) {
      const request = decode(connection.key, frames);
      if (request === undefined) continue;
      const type = request.header.msg_type.replace(/_request$/, '_reply');
      handle(request, (content) => send(socket, connection.key, request.identities, type, content, request));
    }
  })();
  return socket;
}

/**
 * Opens the channel on which every client hears the kernel.
 * @param {Connection} connection
 * @returns {Promise<Publish>}
 */
async function openPublisher(connection) {
  const socket = new zmq.Publisher(unlimited);
  await socket.bind(address(connection, 'iopub'));
  return (type, content, request) => send(socket, connection.key, [type], type, content, request);
}

/** Clients hear from the heartbeat that the process lives. @param {Connection} connection */
async function openHeartbeat(connection) {
  const socket = new zmq.Reply();
  await socket.bind(address(connection, 'hb'));
  void (async () => {
    for await (const frames of socket) await socket.send(frames);
  })();
  return socket;
}

module.exports = { openHeartbeat, openPublisher, openRequests };
