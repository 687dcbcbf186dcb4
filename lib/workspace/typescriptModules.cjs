/**
 * Lets `require` load the project's TypeScript files, compiled by tslab's own TypeScript and not type-checked:
 * `node --require ./lib/workspace/typescriptModules.cjs script.ts`. The kernel loads what cells import through it.
 */
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { basename } = require('node:path');
const { fileStamp } = require('./fileStamp.cjs');
const { digest, recall, remember } = require('./kernel/diskCache.cjs');
const { positionMap, registerMap } = require('./sourceMaps.cjs');

const requireFromTslab = Module.createRequire(require.resolve('tslab'));
/** @type {string} */
const typescriptVersion = requireFromTslab('@tslab/typescript-for-tslab/package.json').version;

/** Loaded when first needed, since it takes a third of a second. @returns {typeof import('@tslab/typescript-for-tslab')} */
const typescript = () => requireFromTslab('@tslab/typescript-for-tslab');

/** Everything but a file's name and text that decides what it is compiled to. */
const compiler = digest(typescriptVersion, readFileSync(__filename, 'utf8'));

/** The files loaded, with the stamp that each had. @type {Map<string, string>} */
const loaded = new Map();

/** @param {string} fileName @param {string} source */
function transpile(fileName, source) {
  const ts = typescript();
  const { outputText, sourceMapText = '' } = ts.transpileModule(source, {
    fileName,
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      esModuleInterop: true,
      sourceMap: true,
    },
  });
  return { code: outputText, map: sourceMapText };
}

/** @typedef {ReturnType<typeof transpile>} Transpiled */

/** @param {string} filename @returns {Transpiled} */
function compiledFile(filename) {
  const source = readFileSync(filename, 'utf8');
  const name = basename(filename);
  const key = digest('file', compiler, name, source);
  const known = /** @type {Transpiled | undefined} */ (recall(key));
  if (known) return known;
  const transpiled = transpile(name, source);
  remember(key, transpiled);
  return transpiled;
}

/** @param {NodeModule & { _compile(code: string, filename: string): void }} module @param {string} filename */
function load(module, filename) {
  loaded.set(filename, fileStamp(filename));
  const { code, map } = compiledFile(filename);
  registerMap(filename, positionMap(map));
  module._compile(code, filename);
}

/**
 * Forgets the loaded files that were edited since, and every file that imports one of them, directly or not: the
 * next import loads them anew.
 */
function forgetEditedModules() {
  const stale = new Set(
    [...loaded].filter(([file, stamp]) => fileStamp(file) !== stamp).map(([file]) => file),
  );
  for (let known = 0; known < stale.size; ) {
    known = stale.size;
    for (const file of loaded.keys()) {
      if (require.cache[file]?.children.some((child) => stale.has(child.filename))) stale.add(file);
    }
  }
  for (const file of stale) {
    delete require.cache[file];
    loaded.delete(file);
  }
}

Object.assign(/** @type {{ _extensions?: object }} */ (Module.Module)._extensions ?? {}, { '.ts': load });

module.exports = { forgetEditedModules, typescript, typescriptVersion };
