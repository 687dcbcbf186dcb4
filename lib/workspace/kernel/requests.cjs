/** What the kernel answers to requests other than to execute: they are answered at once, also while a cell runs. */
const { complete, inspect, isComplete } = require('./execute.cjs');
const { typescriptVersion } = require('../typescriptModules.cjs');
const { printQuickInfo } = require('tslab/dist/inspect');

const kernelInfo = {
  status: 'ok',
  protocol_version: '5.3',
  implementation: 'tslab-workspace',
  implementation_version: '1.0.0',
  language_info: {
    name: 'typescript',
    version: typescriptVersion,
    mimetype: 'text/typescript',
    file_extension: '.ts',
    pygments_lexer: 'typescript',
    codemirror_mode: 'typescript',
  },
  banner: `TypeScript ${typescriptVersion} on Node ${process.versions.node}`,
  help_links: [],
};

/**
 * Jupyter counts a cursor in Unicode code points, TypeScript in UTF-16 units.
 * @param {string} code @param {number} cursor
 */
function toOffset(code, cursor) {
  return [...code].slice(0, cursor).join('').length;
}

/** @param {string} code @param {number} offset */
function toCursor(code, offset) {
  return [...code.slice(0, offset)].length;
}

/** @typedef {import('./protocol.cjs').RequestContent} RequestContent */

/** Each kind of request with its reply's content. @type {Record<string, (content: RequestContent) => Record<string, unknown>>} */
const answers = {
  kernel_info_request: () => kernelInfo,

  comm_info_request: () => ({ status: 'ok', comms: {} }),

  history_request: () => ({ status: 'ok', history: [] }),

  is_complete_request({ code }) {
    const { completed, indent } = isComplete(code);
    return completed ? { status: 'complete' } : { status: 'incomplete', indent };
  },

  complete_request({ code, cursor_pos }) {
    const { start, end, candidates } = complete(code, toOffset(code, cursor_pos));
    return {
      status: 'ok',
      matches: candidates,
      cursor_start: toCursor(code, start),
      cursor_end: toCursor(code, end),
      metadata: {},
    };
  },

  inspect_request({ code, cursor_pos }) {
    const info = inspect(code, toOffset(code, cursor_pos));
    const data = info ? { 'text/plain': printQuickInfo(info) } : {};
    return { status: 'ok', found: info !== undefined, data, metadata: {} };
  },
};

module.exports = { answers };
