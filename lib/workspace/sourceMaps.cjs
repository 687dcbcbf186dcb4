/** Stack traces in terms of TypeScript: each compiled text registers how its positions map back to its source. */
const { SourceMap } = require('node:module');

/**
 * A position in a text; line and column count from 1.
 * @typedef {{ line: number, column: number }} Position
 * @typedef {(position: Position) => Position | undefined} PositionMap
 */

/** @type {Map<string, PositionMap>} */
const maps = new Map();

/**
 * The map is decoded when it is first asked: few of a notebook's files ever appear in a trace.
 * @param {string} json a source map (ECMA-426)
 * @returns {PositionMap}
 */
function positionMap(json) {
  /** @type {SourceMap | undefined} */
  let map;
  return ({ line, column }) => {
    map ??= new SourceMap(JSON.parse(json));
    const entry = map.findEntry(line - 1, column - 1);
    return 'originalLine' in entry
      ? { line: entry.originalLine + 1, column: entry.originalColumn + 1 }
      : undefined;
  };
}

/** @param {string} filename @param {PositionMap} map */
function registerMap(filename, map) {
  maps.set(filename, map);
}

/** @param {NodeJS.CallSite} frame */
function frameText(frame) {
  const text = String(frame);
  const file = frame.getFileName();
  const line = frame.getLineNumber();
  const column = frame.getColumnNumber();
  if (!file || line === null || column === null) return text;
  const source = maps.get(file)?.({ line, column });
  return source ? text.replace(`${file}:${line}:${column}`, `${file}:${source.line}:${source.column}`) : text;
}

/** @param {Error} error */
function headline(error) {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return 'Error';
  }
}

/** The folder of code that runs others' code: what calls them there is no part of their traces. */
let outside = '';

/** @param {string} folder */
function endTracesAt(folder) {
  outside = folder;
}

Error.prepareStackTrace = (error, frames) => {
  const end = outside === '' ? -1 : frames.findIndex((frame) => frame.getFileName()?.startsWith(outside));
  const shown = end > 0 ? frames.slice(0, end) : frames;
  return [headline(error), ...shown.map((frame) => `    at ${frameText(frame)}`)].join('\n');
};

module.exports = { endTracesAt, positionMap, registerMap };
