import { type Figure, type FigureText, groupRows, type KeyOf, numberOrNull, titledLayout } from '../figure';
import { diverging, sequential } from '../theme';

export interface HeatmapOptions<Row> extends FigureText {
  readonly x: keyof Row & string;
  readonly y: keyof Row & string;
  readonly yTitle: string;
  readonly z: KeyOf<Row, number>;
  /** What the colour shows, with its unit. */
  readonly zTitle: string;
  /** The values at the ends of the colour scale, where several figures are to be compared. */
  readonly zRange?: readonly [least: number, most: number];
  /** A second line in the cells, such as what sets some of them apart. */
  readonly note?: KeyOf<Row, string>;
}

/** Up to this many cells carry their values as text. */
const labelledCells = 150;

/**
 * A table as colours, one cell for each row of the data. Columns and lines stand in order of first appearance,
 * from left to right and from top to bottom. Values of both signs get a scale with white at zero.
 */
export function heatmapFigure<Row extends object>(
  rows: readonly Row[],
  options: HeatmapOptions<Row>,
): Figure {
  const x = [...groupRows(rows, options.x).keys()];
  const lines = [...groupRows(rows, options.y)];
  const cells = lines.map(([, members]) => {
    const at = groupRows(members, options.x);
    return x.map((column) => at.get(column)?.[0]);
  });
  const z = cells.map((line) => line.map((cell) => numberOrNull(cell?.[options.z])));
  const values = z.flat().filter((value) => value !== null);
  const bothSigns = values.some((value) => value < 0) && values.some((value) => value > 0);
  const { zRange, note } = options;
  const layout = titledLayout(options);
  return {
    data: [
      {
        type: 'heatmap',
        x,
        y: lines.map(([name]) => name),
        z,
        xgap: 1,
        ygap: 1,
        hoverongaps: false,
        ...(bothSigns ? { colorscale: diverging, zmid: 0 } : { colorscale: sequential }),
        ...(zRange && { zmin: zRange[0], zmax: zRange[1] }),
        colorbar: { title: { text: options.zTitle, side: 'right' }, outlinewidth: 0, thickness: 16 },
        ...(values.length <= labelledCells && { texttemplate: '%{z:.3~g}' }),
        ...(note && {
          text: cells.map((line) => line.map((cell) => String(cell?.[note] ?? ''))) as unknown as string[],
          texttemplate: '%{z:.2~g}<br>%{text}',
        }),
      },
    ],
    layout: {
      ...layout,
      xaxis: { ...layout.xaxis, type: 'category', showgrid: false },
      yaxis: { ...layout.yaxis, type: 'category', showgrid: false, autorange: 'reversed' },
    },
  };
}
