/**
 * Lets `require` load the project's TypeScript files, compiled by tslab's own TypeScript and not type-checked:
 * `node --require ./lib/workspace/typescriptModules.cjs script.ts`. The kernel loads what cells import through it.
 */
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { fileStamp } = require('./fileStamp.cjs');
const { positionMap, registerMap } = require('./sourceMaps.cjs');

/** @type {typeof import('@tslab/typescript-for-tslab')} */
const ts = Module.createRequire(require.resolve('tslab'))('@tslab/typescript-for-tslab');

/** @type {import('@tslab/typescript-for-tslab').CompilerOptions} */
const compilerOptions = {
  module: ts.ModuleKind.CommonJS,
  target: ts.ScriptTarget.ES2022,
  esModuleInterop: true,
  sourceMap: true,
};

/** The files loaded, with the stamp that each had. @type {Map<string, string>} */
const loaded = new Map();

/** @param {NodeModule & { _compile(code: string, filename: string): void }} module @param {string} filename */
function load(module, filename) {
  loaded.set(filename, fileStamp(filename));
  const source = readFileSync(filename, 'utf8');
  const { outputText, sourceMapText } = ts.transpileModule(source, { fileName: filename, compilerOptions });
  if (sourceMapText) registerMap(filename, positionMap(sourceMapText));
  module._compile(outputText, filename);
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

module.exports = { ts, forgetEditedModules };
