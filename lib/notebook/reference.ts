import type { Layout } from 'plotly.js';
import { ink } from './theme';

/** A level that the data are compared with, such as a bound: a dashed line, named in the legend. */
export interface Reference {
  readonly y: number;
  readonly label: string;
}

/** The part of a layout that draws the reference. */
export function referenceLayout({ y, label }: Reference): Partial<Layout> {
  return {
    showlegend: true,
    shapes: [
      {
        type: 'line',
        xref: 'paper',
        x0: 0,
        x1: 1,
        y0: y,
        y1: y,
        line: { color: ink, width: 1.5, dash: 'dash' },
        name: label,
        showlegend: true,
      },
    ],
  };
}
