import type { Data, LayoutAxis } from 'plotly.js';
import { intervalRows } from '../../math/intervalRows';
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
import { color, translucent } from '../theme';

export interface LearningCurveOptions<Row> extends FigureText {
  /** Usually the step. */
  readonly x: KeyOf<Row, number>;
  readonly y: KeyOf<Row, number>;
  readonly yTitle: string;
  /** One curve for each value of this column, such as the algorithm. */
  readonly group?: keyof Row & string;
  /** 'log' where x goes up by factors, such as the amount of data; linear unless said. */
  readonly xScale?: 'linear' | 'log';
  readonly reference?: Reference;
}

/** Lines of at most this many points show each of them. */
const markedPoints = 30;

/**
 * What was learnt over several seeds: each seed as a thin line, their mean as a thick one, and its 95 % interval
 * (Student's t) as a band. Rows whose y is missing are passed over. A single seed is a line alone.
 */
export function learningCurveFigure<Row extends { readonly seed: number }>(
  rows: readonly Row[],
  options: LearningCurveOptions<Row>,
): Figure {
  const { x, y, group, reference, xScale = 'linear' } = options;
  const measured = rows.filter((row) => row[y] !== null && row[y] !== undefined);
  const groups = [...groupRows(measured, group)];
  const seeds = new Set(rows.map(({ seed }) => seed)).size;
  const curves = groups.map(([name, members], index) =>
    curveTraces(members, { x, y }, seriesName(group, name), color(index)),
  );
  const layout = titledLayout(options);
  const legend = `<span style="font-size: 11px">thick: mean of ${seeds} seeds, band: its 95 % interval, thin: each seed</span>`;
  return {
    // no curve's band covers another's mean
    data: [
      ...curves.flatMap(({ band }) => band),
      ...curves.flatMap(({ seeds }) => seeds),
      ...curves.map(({ mean }) => mean),
    ],
    layout: {
      ...layout,
      xaxis: {
        ...layout.xaxis,
        ...(seeds > 1 && { title: { text: `${options.xTitle}<br>${legend}` } }),
        ...(xScale === 'log' && logAxis(measured.map((row) => row[x] as number))),
      },
      showlegend: groups.length > 1,
      ...(reference && referenceLayout(reference)),
    },
  };
}

/** Only what was measured is marked: Plotly would write every digit between two powers of ten. */
function logAxis(values: readonly number[]): Partial<LayoutAxis> {
  const tickvals = [...new Set(values)];
  return { type: 'log', tickvals, ticktext: tickvals.map(String) };
}

function curveTraces<Row extends { readonly seed: number }>(
  rows: readonly Row[],
  { x, y }: { readonly x: KeyOf<Row, number>; readonly y: KeyOf<Row, number> },
  name: string,
  hue: string,
): { readonly band: Data[]; readonly seeds: Data[]; readonly mean: Data } {
  const seeds = [...groupRows(rows, 'seed')];
  const curve = intervalRows(rows, [x], [y]) as unknown as Readonly<Record<string, number | null>>[];
  const at = curve.map((row) => numberOrNull(row[x]));
  const edge = (end: string): Data => ({
    x: at,
    y: curve.map((row) => numberOrNull(row[`${y}_${end}`])),
    mode: 'lines',
    line: { width: 0 },
    hoverinfo: 'skip',
    showlegend: false,
    legendgroup: name,
  });
  const thin =
    seeds.length < 2
      ? []
      : seeds.map(
          ([seed, members]): Data => ({
            x: members.map((row) => numberOrNull(row[x])),
            y: members.map((row) => numberOrNull(row[y])),
            mode: 'lines',
            name: `${name ? `${name}, ` : ''}seed ${seed}`,
            line: { color: hue, width: 1 },
            opacity: 0.3,
            showlegend: false,
            legendgroup: name,
          }),
        );
  const mean: Data = {
    x: at,
    y: curve.map((row) => numberOrNull(row[y])),
    mode: at.length <= markedPoints ? 'lines+markers' : 'lines',
    name: name || 'mean',
    line: { color: hue, width: 2.5 },
    legendgroup: name,
  };
  const filled = { ...edge('upper'), fill: 'tonexty', fillcolor: translucent(hue) } as Data;
  return { band: seeds.length < 2 ? [] : [edge('lower'), filled], seeds: thin, mean };
}
