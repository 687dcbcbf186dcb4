/** Where in a cell a place in its compiled code comes from. */
const { positionMap } = require('../sourceMaps.cjs');
const { positionBefore } = require('./shorthands.cjs');

/**
 * The position in the cell of one in its compiled code: TypeScript emits in two steps, each with a source map, and
 * the text that the first one reads has a line more than the cell.
 * @param {import('./compile.cjs').CompiledCell} compiled
 * @returns {import('../sourceMaps.cjs').PositionMap}
 */
function positionInCell({ inserted, maps: [first, second] }) {
  if (first === undefined || second === undefined) return () => undefined;
  const toSource = positionMap(first);
  const toMiddle = positionMap(second);
  const back = positionBefore(inserted);
  return (position) => {
    const middle = toMiddle(position);
    const source = middle && toSource(middle);
    return source && back({ line: source.line - 1, column: source.column });
  };
}

module.exports = { positionInCell };
