/**
 * The files that a kernel found without errors: while each, and all that it imports, stays the same, the next kernels
 * do not check it again. Most of the time of an import is the check of files that were checked before.
 */
const { digest, recall, remember } = require('./diskCache.cjs');
const { areToldByDigests, digestsOf, setting } = require('./fileDigests.cjs');

/** @typedef {import('@tslab/typescript-for-tslab').SourceFile} SourceFile */
/** @typedef {import("@tslab/typescript-for-tslab").Diagnostic} Diagnostic */

/**
 * @param {readonly SourceFile[]} files
 * @param {(file: SourceFile) => SourceFile[]} withImports the file, and then all that it imports, directly or not
 * @param {(files: readonly SourceFile[]) => readonly Diagnostic[]} check
 * @returns {readonly Diagnostic[]} of `check` for the files that are not known to have none
 */
function checkOnce(files, withImports, check) {
  /** @type {{ file: SourceFile, key?: string }[]} */
  const unknown = files.flatMap((file) => {
    const imports = withImports(file);
    if (setting === undefined || !areToldByDigests(imports)) return [{ file }];
    const key = digest('checked', setting, ...digestsOf(imports).flat());
    return recall(key) === true ? [] : [{ file, key }];
  });
  const diagnostics = check(unknown.map(({ file }) => file));
  const wrong = new Set(diagnostics.map(({ file }) => file));
  for (const { file, key } of unknown) if (key !== undefined && !wrong.has(file)) remember(key, true);
  return diagnostics;
}

module.exports = { checkOnce };
