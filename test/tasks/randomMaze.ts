import fc from 'fast-check';
import { type Maze, parseMaze } from '../../lib/tasks/maze';

/** A drawing with floors that are cut off turned into walls. */
function withoutIslands(rows: string[][]): string {
  const reached = rows.map((row) => row.map((sign) => sign === 'E'));
  for (let grown = true; grown; ) {
    grown = false;
    rows.forEach((row, y) => {
      row.forEach((sign, x) => {
        const near = [reached[y - 1]?.[x], reached[y + 1]?.[x], reached[y]![x - 1], reached[y]![x + 1]];
        if (sign === '#' || reached[y]![x] || !near.includes(true)) return;
        reached[y]![x] = true;
        grown = true;
      });
    });
  }
  return rows.map((row, y) => row.map((sign, x) => (reached[y]![x] ? sign : '#')).join('')).join('\n');
}

/** Mazes of up to 6 × 6 cells, with and without walls around. */
export const randomMaze: fc.Arbitrary<Maze> = fc
  .record({ height: fc.integer({ min: 1, max: 6 }), width: fc.integer({ min: 2, max: 6 }) })
  .chain(({ height, width }) =>
    fc.record({
      rows: fc.array(fc.array(fc.constantFrom('.', '.', '.', '#'), { minLength: width, maxLength: width }), {
        minLength: height,
        maxLength: height,
      }),
      exit: fc.record({ y: fc.nat(height - 1), x: fc.nat(width - 1) }),
    }),
  )
  .map(({ rows, exit }) =>
    withoutIslands(rows.map((row, y) => row.map((sign, x) => (y === exit.y && x === exit.x ? 'E' : sign)))),
  )
  .filter((text) => text.includes('.'))
  .map((text) => parseMaze(text, 'a random maze'));
