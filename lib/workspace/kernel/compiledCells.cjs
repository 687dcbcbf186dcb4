/**
 * Cells compiled by this kernel or by one before it: a cell is not checked and compiled again while its text, the
 * declarations of the cells before it, every file that it was compiled with, the packages and the compiler are the
 * same. Only cells without errors are kept.
 */
const { digest, recall, remember } = require('./diskCache.cjs');
const { areCurrent, areToldByDigests, digestsOf, setting } = require('./fileDigests.cjs');

/**
 * @typedef {import('./compile.cjs').CompiledCell} CompiledCell
 * @typedef {import('./fileDigests.cjs').FileDigest} FileDigest
 * @typedef {{ files: FileDigest[], cell: CompiledCell }} Kept
 */

/** Loaded when first needed: TypeScript is large. @returns {typeof import('./compile.cjs')} */
const compiler = () => require('./compile.cjs');

/**
 * @param {string} declarations those of the cells before, as an earlier call returned them
 * @param {string} source
 * @returns {CompiledCell}
 */
function compiledCell(declarations, source) {
  if (setting === undefined) return compiler().compileCell(declarations, source).cell;
  const key = digest('cell', setting, declarations, source);
  const kept = /** @type {Kept | undefined} */ (recall(key));
  if (kept && areCurrent(kept.files)) return kept.cell;

  const { cell, files } = compiler().compileCell(declarations, source);
  if (areToldByDigests(files)) remember(key, { files: digestsOf(files), cell });
  return cell;
}

module.exports = { compiledCell, compiler };
