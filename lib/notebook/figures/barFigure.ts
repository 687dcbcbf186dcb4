import type { Data } from 'plotly.js';
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
import { color, ink } from '../theme';

export interface BarOptions<Row> extends FigureText {
  /** The category; categories stand in order of first appearance. */
  readonly x: keyof Row & string;
  readonly y: KeyOf<Row, number>;
  readonly yTitle: string;
  /** Bars of one category stand side by side, one for each value of this column. */
  readonly group?: keyof Row & string;
  /** The half-width of the error bar, in the unit of y. */
  readonly error?: KeyOf<Row, number>;
  readonly reference?: Reference;
}

/** Up to this many bars carry their values as text. */
const labelledBars = 12;

/** Bars from zero, one for each row. */
export function barFigure<Row extends object>(rows: readonly Row[], options: BarOptions<Row>): Figure {
  const { x, y, group, error, reference } = options;
  const groups = [...groupRows(rows, group)];
  const data = groups.map(
    ([groupName, members], index): Data => ({
      type: 'bar',
      x: members.map((row) => String(row[x])),
      y: members.map((row) => numberOrNull(row[y])),
      name: seriesName(group, groupName),
      showlegend: groupName !== '',
      marker: { color: color(index) },
      ...(error && {
        error_y: {
          type: 'data',
          array: members.map((row) => numberOrNull(row[error]) ?? 0),
          color: ink,
          thickness: 1.5,
          width: 5,
        },
      }),
      ...(!error &&
        rows.length <= labelledBars && {
          texttemplate: '%{y:.3~g}',
          textposition: 'outside',
          textangle: 0,
          constraintext: 'none',
          cliponaxis: false,
        }),
    }),
  );
  const layout = titledLayout(options);
  return {
    data,
    layout: {
      ...layout,
      // Plotly would take categories such as "4" for numbers.
      xaxis: { ...layout.xaxis, type: 'category', showgrid: false },
      yaxis: { ...layout.yaxis, rangemode: 'tozero' },
      bargap: 0.3,
      bargroupgap: 0.05,
      showlegend: groups.length > 1,
      ...(reference && referenceLayout(reference)),
    },
  };
}
