/** Shows a figure: live in JupyterLab and VS Code, as an image where scripts do not run, as text in a terminal. */
import { type Bundle, display } from './display';
import { type Figure, figureHeight, figureWidth } from './figure';
import { numberText } from './numberText';
import { withTheme } from './theme';

/**
 * JupyterLab resizes figures by itself. A figure that also did would have no height there once the mouse has changed
 * its image for the live one: 100 % of a cell that has none but the figure's.
 */
const plotlyConfig = { responsive: false, displaylogo: false };

interface Series {
  readonly name?: string;
  readonly y?: readonly unknown[];
  readonly z?: readonly (readonly unknown[])[];
  readonly hoverinfo?: string;
}

/** "training: 400 points, 0.51 to 0.92" */
function seriesText({ name, y, z }: Series): string {
  const values = (z?.flat() ?? y ?? []).filter((value): value is number => typeof value === 'number');
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const range = values.length > 0 ? `, ${numberText(least)} to ${numberText(most)}` : '';
  return `${name ? `${name}: ` : ''}${values.length} points${range}`;
}

function titleText(figure: Figure): string {
  const title = figure.layout.title;
  return ((typeof title === 'string' ? title : title?.text) ?? 'figure').replaceAll('<br>', ' ');
}

function figureText(figure: Figure): string {
  const series = (figure.data as Series[]).filter(({ hoverinfo }) => hoverinfo !== 'skip');
  return [titleText(figure), ...series.map((one) => `  ${seriesText(one)}`)].join('\n');
}

/** The figure without its image: quick enough to be redrawn while a model trains. */
export function liveFigureBundle(figure: Figure): Bundle {
  return {
    data: {
      'application/vnd.plotly.v1+json': { ...withTheme(figure), config: plotlyConfig },
      'text/plain': figureText(figure),
    },
  };
}

/** The figure with its image, which the first time takes about a second: Plotly loads. */
export async function figureBundle(figure: Figure): Promise<Bundle> {
  const { renderPng } = await import('./staticImage');
  const live = liveFigureBundle(figure);
  return {
    data: { ...live.data, 'image/png': (await renderPng(figure)).toString('base64') },
    // The image has two pixels per CSS pixel; this is the size at which it is shown.
    metadata: {
      'image/png': { width: figureWidth, height: figureHeight(figure), alt: titleText(figure) },
    },
  };
}

/** Shows a figure as one output. */
export async function show(figure: Figure): Promise<void> {
  display(await figureBundle(figure));
}
