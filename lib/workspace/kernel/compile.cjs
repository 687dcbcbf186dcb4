/** Cells from TypeScript to JavaScript, by tslab's converter: a cell sees the declarations of those before it. */
const { existsSync } = require('node:fs');
const { dirname, join, relative, sep } = require('node:path');
const { fileStamp } = require('../fileStamp.cjs');
const { typescript } = require('../typescriptModules.cjs');
const { awaitsToYields } = require('./awaits.cjs');
const { checkOnce } = require('./checkedFiles.cjs');
const { isInstalled } = require('./fileDigests.cjs');
const { positionBefore, spellOutShorthands } = require('./shorthands.cjs');
const { TypeScriptErrors } = require('./typeScriptErrors.cjs');

/**
 * @typedef {import('../sourceMaps.cjs').PositionMap} PositionMap
 * @typedef {import('tslab/dist/converter').Diagnostic} Diagnostic
 * @typedef {import('@tslab/typescript-for-tslab').CompilerOptions} CompilerOptions
 * @typedef {import('@tslab/typescript-for-tslab').System} System
 * @typedef {import('@tslab/typescript-for-tslab').BuilderProgram} BuilderProgram
 * @typedef {import('@tslab/typescript-for-tslab').Program} Program
 * @typedef {import('@tslab/typescript-for-tslab').SourceFile} SourceFile
 * @typedef {object} CompiledCell
 * @property {string} code
 * @property {string} declarations of this cell and of those before
 * @property {string} [resultName] the variable that gets the value of the last expression
 * @property {import('./shorthands.cjs').Insertion[]} inserted into the source before it was compiled
 * @property {string[]} maps the source maps of the two steps in which TypeScript emits, from the source on
 */

const ts = typescript();
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
/** The files that the last cell was compiled with. @type {readonly SourceFile[]} */
let files = [];

/** @typedef {SourceFile & { resolvedModules?: Map<string, { resolvedModule?: { resolvedFileName: string } }> }} Resolved */

/**
 * A file, and then all that it imports, directly or not.
 * @param {Program} program
 * @param {SourceFile} file
 * @param {(file: SourceFile) => boolean} [isLeaf] whose own imports are left out
 */
function withImports(program, file, isLeaf = () => false) {
  /** @type {Set<SourceFile>} */
  const found = new Set();
  const queue = [file];
  for (let next = queue.pop(); next; next = queue.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    if (isLeaf(next)) continue;
    /** @type {Resolved} */ (next).resolvedModules?.forEach(({ resolvedModule }) => {
      const imported = resolvedModule && program.getSourceFile(resolvedModule.resolvedFileName);
      if (imported) queue.push(imported);
    });
  }
  return [...found];
}

/**
 * A program without TypeScript's notes of what changed since the last one, which take as long as the program itself.
 * tslab also compiles every file that a cell imports, with its declarations: most of the time that an import takes.
 * The kernel loads those files by itself, so that checking them is enough.
 * @type {import('@tslab/typescript-for-tslab').CreateProgram<BuilderProgram>}
 */
function createCellProgram(...request) {
  const builder = ts.createAbstractBuilder(...request);
  const program = builder.getProgram();
  files = program.getSourceFiles();
  const cell = files.find(({ fileName }) => fileName.endsWith('__tslab__.ts'));
  // tslab reads the names that a cell declares, before it asks for anything that would make TypeScript find them.
  if (cell) /** @type {any} */ (ts).bindSourceFile(cell, program.getCompilerOptions());
  return {
    ...builder,
    getAllDependencies: (file) => withImports(program, file).map(({ fileName }) => fileName),
    emit: (file, ...rest) =>
      file === cell ? builder.emit(file, ...rest) : { emitSkipped: true, diagnostics: [] },
  };
}

/**
 * The errors of a cell and of what it imports, for tslab, which checks all of it at each import.
 * @param {Program} program @param {readonly SourceFile[]} files the cell first
 */
function errorsOf(program, [cell, ...imported]) {
  /** @param {readonly (SourceFile | undefined)[]} unchecked */
  const check = (unchecked) =>
    /** @type {any} */ (ts).getPreEmitDiagnosticsOfFiles(program, [cell, ...unchecked]);
  return checkOnce(imported, (file) => withImports(program, file, isInstalled), check);
}

/**
 * tslab's converter, on a TypeScript adjusted to this kernel: top-level `await` and `for await` are no errors, source
 * maps are kept, only Node's global types are loaded, cells alone are compiled, and files are watched and checked as
 * above.
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
      host.createProgram = createCellProgram;
      return host;
    },
    getPreEmitDiagnosticsOfFiles: errorsOf,
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

/** The source map that ends the text which TypeScript's first step emitted. @param {string} text */
function inlineMap(text) {
  const base64 = /^\/\/# sourceMappingURL=.*base64,(.+)$/m.exec(text)?.[1] ?? '';
  return Buffer.from(base64, 'base64').toString();
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
 * @returns {{ cell: CompiledCell, files: readonly SourceFile[] }} with the files that it was compiled with
 */
function compileCell(declarations, source) {
  const { text, inserted } = spellOutShorthands(source);
  const { diagnostics, output, declOutput, lastExpressionVar } = convert(declarations, text);
  if (diagnostics.length > 0) throw typeScriptErrors(diagnostics, positionBefore(inserted));
  const cell = {
    code: output ? awaitsToYields(reexportsToAssignments(output)) : '',
    declarations: declOutput ?? '',
    inserted,
    maps: output ? [inlineMap(emitted.from), emitted.map] : [],
    ...(lastExpressionVar === undefined ? {} : { resultName: lastExpressionVar }),
  };
  return { cell, files };
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

module.exports = { compileCell, completeCell, inspectCell, isCompleteCode, warmConverter };
