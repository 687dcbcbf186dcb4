import type { Layout } from 'plotly.js';
import { ink } from './theme';

/** A part of the x axis with a name, such as one stage of a training. */
export interface Section {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

/** What the names above the axes take, in CSS pixels. */
const labelHeight = 20;
const margin = 48;
const grey = '#888888';

/** The part of a layout that sets sections apart: every other one shaded, with its name above it. */
export function sectionsLayout(
  sections: readonly Section[],
  layout: Partial<Layout>,
): Pick<Layout, 'shapes' | 'annotations' | 'margin'> {
  return {
    margin: { ...layout.margin, t: (layout.margin?.t ?? margin) + labelHeight },
    shapes: [
      ...(layout.shapes ?? []),
      ...sections.map(({ from, to }, i) => ({
        type: 'rect' as const,
        yref: 'paper' as const,
        x0: from,
        x1: to,
        y0: 0,
        y1: 1,
        layer: 'below' as const,
        line: { width: 0 },
        fillcolor: grey,
        opacity: i % 2 === 0 ? 0.06 : 0.16,
      })),
    ],
    annotations: sections.map(({ from, to, label }) => ({
      text: label,
      x: (from + to) / 2,
      y: 1,
      yref: 'paper' as const,
      yanchor: 'bottom' as const,
      showarrow: false,
      font: { color: ink, size: 12 },
    })),
  };
}
