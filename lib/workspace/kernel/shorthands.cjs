/**
 * Spells `{ x }` out as `{ x: x }`: tslab finds an earlier cell's variable by its name as a value, and in the short form
 * the name is a property's.
 */
const { typescript } = require('../typescriptModules.cjs');

/** @typedef {import('../sourceMaps.cjs').PositionMap} PositionMap */
/** @typedef {import('@tslab/typescript-for-tslab').Node} Node */

/** What was inserted at a position in a cell. @typedef {{ line: number, column: number, length: number }} Insertion */

/**
 * @param {string} source a cell
 * @returns {{ text: string, inserted: Insertion[] }}
 */
function spellOutShorthands(source) {
  const ts = typescript();
  const file = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.ES2022, false, ts.ScriptKind.TS);
  /** @type {{ name: string, end: number }[]} */
  const found = [];
  /** @param {Node} node */
  function visit(node) {
    if (ts.isShorthandPropertyAssignment(node)) found.push({ name: node.name.text, end: node.name.end });
    ts.forEachChild(node, visit);
  }
  visit(file);

  let text = '';
  let done = 0;
  for (const { name, end } of found) {
    text += `${source.slice(done, end)}: ${name}`;
    done = end;
  }
  text += source.slice(done);

  const inserted = found.map(({ name, end }) => {
    const { line, character } = file.getLineAndCharacterOfPosition(end);
    return { line: line + 1, column: character + 1, length: name.length + 2 };
  });
  return { text, inserted };
}

/**
 * The position in the cell of one in its text as spelled out.
 * @param {readonly Insertion[]} inserted
 * @returns {PositionMap}
 */
function positionBefore(inserted) {
  return ({ line, column }) => {
    let own = column;
    for (const { length, ...at } of inserted.filter((one) => one.line === line)) {
      // within what was inserted is at the name
      if (own > at.column) own = Math.max(at.column, own - length);
    }
    return { line, column: own };
  };
}

module.exports = { positionBefore, spellOutShorthands };
