/** Cells from TypeScript to JavaScript, by tslab's converter: a cell sees the declarations of those before it. */
const { existsSync } = require('node:fs');
const { dirname, join, relative, sep } = require('node:path');
const { fileStamp } = require('../fileStamp.cjs');
const { positionMap } = require('../sourceMaps.cjs');
const { ts } = require('../typescriptModules.cjs');
const { awaitsToYields } = require('./awaits.cjs');
const { spellOutShorthands } = require('./shorthands.cjs');

/**
 * @typedef {import('../sourceMaps.cjs').PositionMap} PositionMap
 * @typedef {import('tslab/dist/converter').Diagnostic} Diagnostic
 * @typedef {import('@tslab/typescript-for-tslab').CompilerOptions} CompilerOptions
 * @typedef {import('@tslab/typescript-for-tslab').System} System
 * @typedef {{ code: string, position: PositionMap, declarations: string, resultName?: string }} CompiledCell
 */

/** The errors that TypeScript found in a cell or in the files that it imports. */
class TypeScriptErrors extends Error {
  /** @param {readonly { file?: string, line: number, column: number, message: string }[]} errors */
  constructor(errors) {
    super(errors.map(({ message }) => message).join('\n'));
    this.name = 'TypeScript';
    this.errors = errors;
  }
}

const root = process.cwd();

/** @param {string} path */
function isProjectFile(path) {
  const inside = relative(root, path);
  return !inside.startsWith('..') && !inside.split(sep).includes('node_modules');
}

/**
 * TypeScript's watch on the project's files. Nothing polls: `notice` compares them before a cell is compiled, so
 * that an edit counts at once. Packages do not change under a running kernel.
 */
function createFileWatch() {
  /** @type {Map<string, { stamp: string, changed: Set<import('@tslab/typescript-for-tslab').FileWatcherCallback> }>} */
  const watched = new Map();
  return {
    /** @param {string} path @param {import('@tslab/typescript-for-tslab').FileWatcherCallback} callback */
    watchFile(path, callback) {
      if (!isProjectFile(path)) return { close() {} };
      const file = watched.get(path) ?? { stamp: fileStamp(path), changed: new Set() };
      watched.set(path, file);
      file.changed.add(callback);
      return { close: () => void file.changed.delete(callback) };
    },
    notice() {
      for (const [path, file] of watched) {
        const stamp = fileStamp(path);
        if (stamp === file.stamp) continue;
        const { Created, Changed, Deleted } = ts.FileWatcherEventKind;
        const kind = file.stamp === '' ? Created : stamp === '' ? Deleted : Changed;
        file.stamp = stamp;
        for (const callback of file.changed) callback(path, kind);
      }
    },
  };
}

const watch = createFileWatch();
/** What TypeScript last turned into CommonJS, and the map of that step. */
let emitted = { from: '', map: '' };

/**
 * tslab also compiles every file that a cell imports, with its declarations: most of the time that an import takes.
 * The kernel loads those files by itself, so that checking them is enough.
 * @template {import('@tslab/typescript-for-tslab').BuilderProgram} Program
 * @param {Program} program
 */
function emitCellAlone(program) {
  const { emit } = program;
  program.emit = (file, ...rest) =>
    file?.fileName.endsWith('__tslab__.ts') ? emit(file, ...rest) : { emitSkipped: true, diagnostics: [] };
  return program;
}

/**
 * tslab's converter, on a TypeScript adjusted to this kernel: top-level `await` and `for await` are no errors, source
 * maps are kept, only Node's global types are loaded, cells alone are compiled, and files are watched as above.
 */
function loadConverter() {
  const path = require.resolve('@tslab/typescript-for-tslab', { paths: [dirname(require.resolve('tslab'))] });
  const loaded = require.cache[path];
  if (loaded === undefined) throw new Error(`TypeScript is not loaded from ${path}.`);
  Object.assign(ts.sys, { watchFile: watch.watchFile, watchDirectory: () => ({ close() {} }) });
  loaded.exports = {
    ...ts,
    /** @param {string[]} files @param {CompilerOptions} options @param {[System]} rest */
    createWatchCompilerHost: (files, options, ...rest) => {
      const own = { ...options, types: ['node'], inlineSourceMap: true, disableTopLevelAwait: false };
      const host = ts.createWatchCompilerHost(files, own, ...rest);
      const { createProgram } = host;
      host.createProgram = (...program) => emitCellAlone(createProgram(...program));
      return host;
    },
    /** @param {string} code @param {import('@tslab/typescript-for-tslab').TranspileOptions} options */
    transpileModule: (code, options) => {
      const compilerOptions = { ...options.compilerOptions, sourceMap: true };
      const output = ts.transpileModule(code, { ...options, compilerOptions });
      emitted = { from: code, map: output.sourceMapText ?? '' };
      return output;
    },
  };
  const converter = require('tslab/dist/converter');
  loaded.exports = ts;
  return converter;
}

/** @type {typeof import('tslab/dist/converter')} */
const { createConverter, isCompleteCode } = loadConverter();
/** @type {import('tslab/dist/converter').Converter | undefined} */
let converter;

/** Made when first needed: TypeScript reads its own library then, which takes most of a second. */
function warmConverter() {
  converter ??= createConverter({ isJS: false, isBrowser: false });
  return converter;
}

function forgetConverter() {
  converter?.close();
  converter = undefined;
}

/** @param {readonly Diagnostic[]} diagnostics @param {PositionMap} back from the text that was compiled to the cell */
function typeScriptErrors(diagnostics, back) {
  /** @type {{ file?: string, line: number, column: number, message: string }[]} */
  const errors = [];
  /** @type {Diagnostic | undefined} */
  let previous;
  for (const diagnostic of diagnostics) {
    const { start, end, messageText, fileName } = diagnostic;
    // An explanation in several parts comes as several diagnostics of one place; only the first names its file.
    const last = errors.at(-1);
    if (last && previous?.start.offset === start.offset && previous.end.offset === end.offset) {
      if (!last.message.includes(messageText)) last.message += `\n  ${messageText}`;
    } else {
      const file = fileName === undefined ? {} : { file: fileName };
      const at = { line: start.line + 1, column: start.character + 1 };
      errors.push({ ...file, ...at, ...(fileName === undefined && back(at)), message: messageText });
    }
    previous = diagnostic;
  }
  return new TypeScriptErrors(errors);
}

/** TypeScript looks once for a file that it did not find. @param {readonly Diagnostic[]} diagnostics */
function createdSince(diagnostics) {
  return diagnostics.some(({ code, messageText, fileName }) => {
    const missing = code === 2307 && /'(\..+?)'/.exec(messageText)?.[1];
    return missing && existsSync(`${join(root, dirname(fileName ?? ''), missing)}.ts`);
  });
}

/** @param {string} declarations @param {string} source */
function convert(declarations, source) {
  watch.notice();
  try {
    const converted = warmConverter().convert(declarations, source);
    if (!createdSince(converted.diagnostics)) return converted;
    forgetConverter();
    return warmConverter().convert(declarations, source);
  } catch (error) {
    forgetConverter(); // Whatever state the compiler was left in.
    throw error;
  }
}

/**
 * The position in the cell of one in its compiled code: TypeScript emits in two steps, each with a source map, and
 * the text that the first one reads has a line more than the cell.
 * @param {PositionMap} back from the text that was compiled to the cell
 * @returns {PositionMap}
 */
function positionInCell(back) {
  const base64 = /^\/\/# sourceMappingURL=.*base64,(.+)$/m.exec(emitted.from)?.[1] ?? '';
  const toMiddle = positionMap(emitted.map);
  const toSource = positionMap(Buffer.from(base64, 'base64').toString());
  return (position) => {
    const middle = toMiddle(position);
    const source = middle && toSource(middle);
    return source && back({ line: source.line - 1, column: source.column });
  };
}

/**
 * TypeScript re-exports what a cell imports as getters that cannot be defined a second time; a cell may be run again.
 * @param {string} code
 */
function reexportsToAssignments(code) {
  return code.replace(
    /^Object\.defineProperty\(exports, "(.+?)", \{ enumerable: true, get: function \(\) \{ return (.+); \} \}\);$/gm,
    'exports.$1 = $2;',
  );
}

/**
 * @param {string} declarations those of the cells before, as an earlier call returned them
 * @param {string} source
 * @returns {CompiledCell}
 */
function compileCell(declarations, source) {
  const { text, back } = spellOutShorthands(source);
  const { diagnostics, output, declOutput, lastExpressionVar } = convert(declarations, text);
  if (diagnostics.length > 0) throw typeScriptErrors(diagnostics, back);
  const result = lastExpressionVar === undefined ? {} : { resultName: lastExpressionVar };
  return {
    code: output ? awaitsToYields(reexportsToAssignments(output)) : '',
    position: output ? positionInCell(back) : () => undefined,
    declarations: declOutput ?? '',
    ...result,
  };
}

/** @param {string} declarations @param {string} source @param {number} offset */
function completeCell(declarations, source, offset) {
  watch.notice();
  return warmConverter().complete(declarations, source, offset);
}

/** @param {string} declarations @param {string} source @param {number} offset */
function inspectCell(declarations, source, offset) {
  watch.notice();
  return warmConverter().inspect(declarations, source, offset);
}

module.exports = { TypeScriptErrors, compileCell, completeCell, inspectCell, isCompleteCode, warmConverter };
