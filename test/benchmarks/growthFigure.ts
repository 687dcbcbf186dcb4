/** Four small panels, one for each size that grows: milliseconds of a step, both axes logarithmic. */
import type { Data, Layout, LayoutAxis } from 'plotly.js';
import type { Figure } from '../../lib/notebook/figure';
import { color, ink } from '../../lib/notebook/theme';

export const grownSizes = ['prompts', 'responseLength', 'width', 'groupSize'] as const;
export type GrownSize = (typeof grownSizes)[number];

export interface GrowthRow {
  readonly size: GrownSize;
  readonly value: number;
  /** Timed. */
  readonly steps: number;
  readonly min_ms: number;
  readonly median_ms: number;
}

const axisTitles: Readonly<Record<GrownSize, string>> = {
  prompts: 'prompts in a batch',
  responseLength: 'length of a response (tokens)',
  width: 'width of the model (numbers)',
  groupSize: 'responses to each prompt',
};

/** The powers with which the cost is compared: attention grows with the square of a length, a matrix with its width's. */
const guides: Readonly<Record<GrownSize, readonly number[]>> = {
  prompts: [1],
  responseLength: [1, 2],
  width: [1, 2],
  groupSize: [1],
};

const powerNames: Readonly<Record<number, string>> = { 1: 'linear', 2: 'quadratic' };
/** What a panel's message is about. */
const lastDoublings: Readonly<Record<GrownSize, (from: number, to: number) => string>> = {
  prompts: (from, to) => `${from} → ${to} prompts`,
  responseLength: (from, to) => `${from} → ${to} tokens`,
  width: (from, to) => `width ${from} → ${to}`,
  groupSize: (from, to) => `groups of ${from} → ${to}`,
};

const guideColor = '#888888';

/** How much longer a step takes after the last doubling of a size. */
export function lastGrowth(rows: readonly GrowthRow[]): number {
  return rows.at(-1)!.min_ms / rows.at(-2)!.min_ms;
}

export function growthFigure(rows: readonly GrowthRow[]): Figure {
  const times = rows.map((row) => row.min_ms);
  // one scale for all panels, so that slopes can be compared
  const range = [Math.log10(Math.min(...times) / 1.6), Math.log10(Math.max(...times) * 2)];
  const data: Data[] = [];
  const axes: Record<string, Partial<LayoutAxis>> = {};
  const annotations: NonNullable<Layout['annotations']> = [];
  grownSizes.forEach((size, panel) => {
    const own = rows.filter((row) => row.size === size);
    const number = panel === 0 ? '' : String(panel + 1);
    const [column, line] = [panel % 2, Math.floor(panel / 2)];
    const [xaxis, yaxis] = [`x${number}`, `y${number}`];
    const values = own.map(({ value }) => value);
    for (const power of guides[size]) {
      const first = own[0]!;
      const along = values.map((value) => first.min_ms * (value / first.value) ** power);
      const shown = along.filter((y) => Math.log10(y) < range[1]!);
      const style = { mode: 'lines', line: { color: guideColor, width: 1, dash: 'dot' }, showlegend: false };
      data.push({ x: values, y: along, xaxis, yaxis, ...style, hoverinfo: 'skip' } as Data);
      const last = shown.length - 1;
      // its name stands on the side where the measured line does not
      const isBelow = own[last]!.min_ms > shown[last]!;
      annotations.push({
        text: powerNames[power]!,
        x: Math.log10(values[last]!),
        y: Math.log10(shown[last]!),
        xref: xaxis,
        yref: yaxis,
        xanchor: 'right',
        xshift: -8,
        ...(isBelow ? { yanchor: 'top', yshift: -18 } : { yanchor: 'bottom' }),
        showarrow: false,
        font: { color: guideColor, size: 12 },
      } as Layout['annotations'][number]);
    }
    data.push({
      x: values,
      y: own.map(({ min_ms }) => min_ms),
      xaxis,
      yaxis,
      mode: 'lines+markers',
      line: { color: color(0), width: 2 },
      showlegend: false,
    } as Data);
    axes[`xaxis${number}`] = {
      type: 'log',
      domain: column === 0 ? [0, 0.45] : [0.55, 1],
      anchor: yaxis as LayoutAxis['anchor'],
      tickvals: values,
      range: [Math.log10(values[0]! / 1.2), Math.log10(values.at(-1)! * 1.2)],
      title: { text: axisTitles[size] },
    };
    axes[`yaxis${number}`] = {
      type: 'log',
      domain: line === 0 ? [0.58, 0.96] : [0, 0.38],
      anchor: xaxis as LayoutAxis['anchor'],
      tickvals: [10, 20, 50, 100, 200, 500, 1000, 2000, 5000],
      range,
      title: { text: column === 0 ? 'milliseconds a step' : '' },
    };
    annotations.push({
      text: `<b>${lastDoublings[size](values.at(-2)!, values.at(-1)!)}: ×${lastGrowth(own).toFixed(1)}</b>`,
      x: 0,
      y: 1,
      xref: `${xaxis} domain`,
      yref: `${yaxis} domain`,
      xanchor: 'left',
      yanchor: 'bottom',
      showarrow: false,
      font: { color: ink, size: 13 },
    } as Layout['annotations'][number]);
  });
  return {
    data,
    layout: {
      title: { text: 'How does the time of a GRPO step grow with each size?' },
      height: 560,
      showlegend: false,
      annotations,
      ...axes,
    },
  };
}
