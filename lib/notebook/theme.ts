/**
 * The look of every figure: white ground, text of at least 12 px, thin grid, legend below the axes where it
 * covers nothing, and colours that remain distinct under the common forms of colour blindness.
 */
import type { ColorScale, Layout, Template } from 'plotly.js';
import { type Figure, figureHeight } from './figure';

/**
 * Okabe & Ito's palette (Color Universal Design, 2008) without its yellow, which is lost on white. The light
 * colours come last.
 */
export const palette = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#000000', '#56B4E9', '#E69F00'] as const;

/** The colour of the index-th series; colours repeat after the seventh. */
export function color(index: number): string {
  return palette[index % palette.length]!;
}

/** A colour (#rrggbb) for an area that must not hide what is behind it. */
export function translucent(hex: string): string {
  return `${hex}40`;
}

/** Text, and lines that carry no data. */
export const ink = '#333333';

/** From little to much, one hue. */
export const sequential: ColorScale = [
  [0, '#F2F8FC'],
  [0.6, '#0072B2'],
  [1, '#00304D'],
];

/** From negative to positive, white between. */
export const diverging: ColorScale = [
  [0, '#D55E00'],
  [0.5, '#FFFFFF'],
  [1, '#0072B2'],
];

const axis: Partial<Layout['xaxis']> = {
  automargin: true,
  gridcolor: '#E5E5E5',
  gridwidth: 1,
  linecolor: '#888888',
  showline: true,
  tickcolor: '#888888',
  ticks: 'outside',
  ticklen: 4,
  title: { font: { size: 13 }, standoff: 10 },
  zeroline: false,
};

const template: Template = {
  layout: {
    colorway: [...palette],
    font: { family: '"DejaVu Sans", Verdana, Arial, sans-serif', size: 12, color: ink },
    legend: {
      orientation: 'h',
      traceorder: 'normal',
      x: 0,
      xanchor: 'left',
      y: 0,
      yanchor: 'bottom',
      yref: 'container',
    },
    margin: { l: 64, r: 24, t: 48, b: 56 },
    paper_bgcolor: 'white',
    plot_bgcolor: 'white',
    title: {
      font: { size: 16 },
      x: 0,
      xref: 'paper',
      xanchor: 'left',
      y: 1,
      yref: 'container',
      yanchor: 'top',
      pad: { t: 14 },
    },
    xaxis: axis,
    yaxis: axis,
  },
};

/** The figure in the project's theme, as Plotly takes it. */
export function withTheme(figure: Figure): Figure {
  return { data: figure.data, layout: { ...figure.layout, height: figureHeight(figure), template } };
}
