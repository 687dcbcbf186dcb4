import type { Data } from 'plotly.js';
import { type Figure, type FigureText, groupRows, type KeyOf, seriesName, titledLayout } from '../figure';
import { color, translucent } from '../theme';

export interface HistogramOptions<Row> extends FigureText {
  readonly x: KeyOf<Row, number>;
  /** One distribution for each value of this column, over the same bins. */
  readonly group?: keyof Row & string;
  readonly bins?: number;
}

/**
 * The edges of equal bins over all finite values: n + 1 numbers. One value alone gets a bin around it.
 * @param bins n; by default √(number of values), between 8 and 40
 */
function binEdges(values: readonly number[], bins?: number): number[] {
  const count = bins ?? Math.min(40, Math.max(8, Math.round(Math.sqrt(values.length))));
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (values.length === 0) return [0, 1];
  const [low, high] = least < most ? [least, most] : [least - 0.5, least + 0.5];
  return Array.from({ length: count + 1 }, (_, i) => low + ((high - low) * i) / count);
}

/** The number of values in each bin; the last bin holds its upper edge. */
function binCounts(values: readonly number[], edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length - 1).fill(0);
  const low = edges[0]!;
  const width = edges.at(-1)! - low;
  for (const value of values) {
    const bin = Math.min(counts.length - 1, Math.floor(((value - low) / width) * counts.length));
    counts[bin] = counts[bin]! + 1;
  }
  return counts;
}

/**
 * Distributions over shared bins, overlaid. Several groups are drawn as the share of each group, so that groups
 * of different size compare; one alone as counts. Values that are not finite are left out.
 */
export function histogramFigure<Row extends object>(
  rows: readonly Row[],
  options: HistogramOptions<Row>,
): Figure {
  const finite = (of: readonly Row[]) =>
    of.map((row) => row[options.x] as unknown).filter((value): value is number => Number.isFinite(value));
  const edges = binEdges(finite(rows), options.bins);
  const groups = [...groupRows(rows, options.group)];

  const data = groups.map(([group, members], index): Data => {
    const values = finite(members);
    const scale = options.group ? 100 / Math.max(1, values.length) : 1;
    const heights = binCounts(values, edges).map((count) => count * scale);
    return {
      // Each edge starts its bin's step; the outline begins and ends on the axis.
      x: [edges[0]!, ...edges],
      y: [0, ...heights, 0],
      mode: 'lines',
      line: { color: color(index), width: 2, shape: 'hv' },
      fill: 'tozeroy',
      fillcolor: translucent(color(index)),
      name: seriesName(options.group, group),
    };
  });
  const layout = titledLayout({ ...options, yTitle: options.group ? 'share of each group (%)' : 'count' });
  return {
    data,
    layout: {
      ...layout,
      yaxis: { ...layout.yaxis, rangemode: 'tozero' },
      showlegend: groups.length > 1,
    },
  };
}
