/**
 * Spells `{ x }` out as `{ x: x }`: tslab finds an earlier cell's variable by its name as a value, and in the short form
 * the name is a property's.
 */
const { ts } = require('../typescriptModules.cjs');

/** @typedef {import('../sourceMaps.cjs').PositionMap} PositionMap */
/** @typedef {import('@tslab/typescript-for-tslab').Node} Node */

/**
 * @param {string} source a cell
 * @returns {{ text: string, back: PositionMap }} `back` gives the position in the cell of one in the text
 */
function spellOutShorthands(source) {
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
  return {
    text,
    back({ line, column }) {
      let own = column;
      for (const { length, ...at } of inserted.filter((one) => one.line === line)) {
        // within what was inserted is at the name
        if (own > at.column) own = Math.max(at.column, own - length);
      }
      return { line, column: own };
    },
  };
}

module.exports = { spellOutShorthands };
