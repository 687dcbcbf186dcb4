import type { Layout } from 'plotly.js';
import { ink } from './theme';

/** What the data are compared with, such as a bound: a dashed line at a level or at a place, named in the legend. */
export type Reference = { readonly label: string } & ({ readonly y: number } | { readonly x: number });

/** The part of a layout that draws the reference. */
export function referenceLayout(reference: Reference): Partial<Layout> {
  const place =
    'y' in reference
      ? ({ xref: 'paper', x0: 0, x1: 1, y0: reference.y, y1: reference.y } as const)
      : ({ yref: 'paper', y0: 0, y1: 1, x0: reference.x, x1: reference.x } as const);
  return {
    showlegend: true,
    shapes: [
      {
        type: 'line',
        ...place,
        line: { color: ink, width: 1.5, dash: 'dash' },
        name: reference.label,
        showlegend: true,
      },
    ],
  };
}
