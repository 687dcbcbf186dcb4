/** A thrown value as Jupyter shows it: name, message, and a trace through the project's own code. */
const { readFileSync } = require('node:fs');
const { isAbsolute, relative, sep } = require('node:path');
const { inspect } = require('node:util');
const { Interrupted } = require('./cells.cjs');
const { TypeScriptErrors } = require('./typeScriptErrors.cjs');

/** @typedef {{ ename: string, evalue: string, traceback: string[] }} ErrorContent */

const root = process.cwd();
const workspace = ['lib', 'workspace'].join(sep);

/** @param {string | undefined} text @param {number} line */
function sourceLine(text, line) {
  const source = text?.split('\n')[line - 1];
  return source === undefined ? [] : [`    ${line} | ${source}`];
}

/** @param {string} path relative to the root */
function readSource(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {string} file @returns {string | undefined} how a trace names a file of the project; undefined for others */
function projectName(file) {
  if (/^cell \[.+\]$/.test(file)) return file;
  const path = relative(root, file);
  const foreign =
    !isAbsolute(file) || path.startsWith('..') || path.includes('node_modules') || path.startsWith(workspace);
  return foreign ? undefined : path;
}

/**
 * The frames in cells and in the project's files, the innermost first.
 * @param {string} stack
 */
function projectFrames(stack) {
  return stack.split('\n').flatMap((text) => {
    const [, before = '', file = '', line = '', column = ''] =
      /^ +at (.*?\(?)(\/[^()]+|cell \[[^\]]+\]):(\d+):(\d+)\)?$/.exec(text) ?? [];
    const name = projectName(file);
    return name === undefined ? [] : [{ before, name, line: Number(line), column: Number(column) }];
  });
}

/**
 * @param {Error} error
 * @param {{ name: string, source: string }} cell
 * @returns {string[]}
 */
function trace(error, cell) {
  const frames = projectFrames(error.stack ?? '');
  const lines = frames.flatMap(({ before, name, line, column }, index) => {
    const shown = index === 0 || name === cell.name;
    const text = shown ? sourceLine(name === cell.name ? cell.source : readSource(name), line) : [];
    return [`  at ${before}${name}:${line}:${column}${before.endsWith('(') ? ')' : ''}`, ...text];
  });
  const { cause } = error;
  return cause instanceof Error
    ? [...lines, `Caused by ${cause.name}: ${cause.message}`, ...trace(cause, cell)]
    : lines;
}

/**
 * @param {unknown} error
 * @param {{ name: string, source: string }} cell
 * @returns {ErrorContent}
 */
function errorContent(error, cell) {
  try {
    return describe(error, cell);
  } catch {
    return { ename: 'Error', evalue: 'an error that cannot be shown', traceback: ['Error: cannot be shown'] };
  }
}

/** @param {unknown} error @param {{ name: string, source: string }} cell @returns {ErrorContent} */
function describe(error, cell) {
  if (error instanceof TypeScriptErrors) {
    const lines = error.errors.flatMap(({ file, line, column, message }) => [
      `${file ?? cell.name}:${line}:${column} ${message}`,
      ...sourceLine(file === undefined ? cell.source : readSource(file), line),
    ]);
    const [first] = lines;
    return { ename: error.name, evalue: first ?? '', traceback: lines };
  }
  if (!(error instanceof Error)) {
    const evalue = typeof error === 'string' ? error : inspect(error);
    return { ename: 'Thrown', evalue, traceback: [`Thrown: ${evalue}`] };
  }
  const message = String(error.message).split('\nRequire stack:')[0] ?? '';
  const headline = message === '' ? error.name : `${error.name}: ${message}`;
  const frames = error.name === Interrupted.name ? [] : trace(error, cell);
  return { ename: error.name, evalue: message, traceback: [headline, ...frames] };
}

module.exports = { errorContent };
