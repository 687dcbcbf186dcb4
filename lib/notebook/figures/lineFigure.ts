import type { Dash, Data } from 'plotly.js';
import {
  type Figure,
  type FigureText,
  groupRows,
  type KeyOf,
  numberOrNull,
  seriesName,
  titledLayout,
} from '../figure';
import { type Reference, referenceLayout } from '../reference';
import { type Section, sectionsLayout } from '../sections';
import { color, translucent } from '../theme';

export interface LineOptions<Row> extends FigureText {
  readonly x: KeyOf<Row, number>;
  /** One column, or several with their names in the legend: `{ trainLoss: 'training', testLoss: 'held out' }`. */
  readonly y: KeyOf<Row, number> | { readonly [Key in KeyOf<Row, number>]?: string };
  readonly yTitle: string;
  /** One line for each value of this column. */
  readonly group?: keyof Row & string;
  /** The columns of the lower and upper edge of a shaded band, such as a confidence interval. */
  readonly band?: readonly [lower: KeyOf<Row, number>, upper: KeyOf<Row, number>];
  readonly reference?: Reference;
  /** Parts of the x axis that are set apart, such as the stages of a training. */
  readonly sections?: readonly Section[];
}

/** Lines of at most this many points show each of them. */
const markedPoints = 30;
const dashes: readonly Dash[] = ['solid', 'dot', 'dash', 'dashdot'];

/**
 * Lines over a numeric axis, such as a learning curve. A row whose y is missing (null, undefined) is passed over,
 * so that what was measured every tenth step is a line too; NaN and the infinities leave a gap. With groups, the
 * colour tells the group and the dash the column; without, the colour tells the column.
 */
export function lineFigure<Row extends object>(rows: readonly Row[], options: LineOptions<Row>): Figure {
  type Column = KeyOf<Row, number>;
  const { x, y, group, band, reference, sections } = options;
  const columns = (typeof y === 'string' ? [[y, '']] : Object.entries(y)) as [Column, string][];
  const groups = [...groupRows(rows, group)];

  function points(members: readonly Row[], column: Column) {
    const measured = members.filter((row) => row[column] !== null && row[column] !== undefined);
    return {
      x: measured.map((row) => numberOrNull(row[x])),
      y: measured.map((row) => numberOrNull(row[column])),
    };
  }

  const data: Data[] = [];
  groups.forEach(([groupName, members], groupIndex) => {
    if (band) {
      const edge: Data = { mode: 'lines', line: { width: 0 }, hoverinfo: 'skip', showlegend: false };
      const fillcolor = translucent(color(groupIndex));
      data.push({ ...points(members, band[0]), ...edge });
      data.push({ ...points(members, band[1]), ...edge, fill: 'tonexty', fillcolor });
    }
    columns.forEach(([column, label], columnIndex) => {
      const line = points(members, column);
      const marked = line.x.length <= markedPoints;
      const name = [seriesName(group, groupName), label].filter(Boolean).join(', ');
      data.push({
        ...line,
        mode: marked ? 'lines+markers' : 'lines',
        name,
        showlegend: name !== '',
        line: {
          color: color(group ? groupIndex : columnIndex),
          width: marked ? 2 : 1.5,
          dash: dashes[group ? columnIndex % dashes.length : 0]!,
        },
        // above every band; where lines coincide the first is seen
        zorder: groups.length - groupIndex,
      } as Data);
    });
  });
  const layout = {
    ...titledLayout(options),
    showlegend: groups.length * columns.length > 1,
    ...(reference && referenceLayout(reference)),
  };
  return { data, layout: { ...layout, ...(sections && sectionsLayout(sections, layout)) } };
}
