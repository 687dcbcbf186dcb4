import type { Dash, Data } from 'plotly.js';
import { type Figure, type FigureText, groupRows, type KeyOf, numberOrNull, titledLayout } from '../figure';
import { color, sequential } from '../theme';

export interface ContourOptions<Row, PathRow> extends FigureText {
  /** Both numeric; the rows are the points of a grid. */
  readonly x: KeyOf<Row, number> & KeyOf<PathRow, number>;
  readonly y: KeyOf<Row, number> & KeyOf<PathRow, number>;
  readonly yTitle: string;
  readonly z: KeyOf<Row, number>;
  /** What the colour shows, with its unit. */
  readonly zTitle: string;
  /** Lines over the plane, such as a region or a step, one for each value of this column. */
  readonly path: keyof PathRow & string;
}

const dashes: readonly Dash[] = ['solid', 'dot'];

/**
 * A function of two variables as contours, and lines over them. Lines of two points are steps, and end in a marker.
 */
export function contourFigure<Row extends object, PathRow extends object>(
  rows: readonly Row[],
  paths: readonly PathRow[],
  options: ContourOptions<Row, PathRow>,
): Figure {
  const { x, y, z, zTitle, path } = options;
  const lines = [...groupRows(rows, y)].map(([, members]) => members);
  const numbers = (of: readonly Row[], key: KeyOf<Row, number>) => of.map((row) => numberOrNull(row[key]));
  const surface = {
    type: 'contour',
    x: numbers(lines[0] ?? [], x),
    y: lines.map(([first]) => numberOrNull(first?.[y])),
    z: lines.map((members) => numbers(members, z)),
    colorscale: sequential,
    colorbar: { title: { text: zTitle, side: 'right' }, outlinewidth: 0, thickness: 16 },
    line: { width: 0.5, color: 'white' },
    showlegend: false,
  } as Data;
  // the first colour of the palette is that of the surface
  const drawn = [...groupRows(paths, path)].map(([name, members], index): Data => {
    const step = members.length === 2;
    return {
      x: members.map((row) => numberOrNull(row[x])),
      y: members.map((row) => numberOrNull(row[y])),
      name,
      mode: step ? 'lines+markers' : 'lines',
      line: {
        color: step ? color(index - 1) : '#000000',
        width: step ? 3 : 1.5,
        dash: step ? 'solid' : dashes[index % 2]!,
      },
      ...(step && { marker: { size: [0, 10] } }),
    };
  });
  return { data: [surface, ...drawn], layout: { ...titledLayout(options), showlegend: drawn.length > 0 } };
}
