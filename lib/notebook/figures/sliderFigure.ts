import type { Data, Layout, Slider } from 'plotly.js';
import { InputError } from '../../errors/inputError';
import { type Figure, figureHeight } from '../figure';

/** One position of the slider. */
export interface SliderStep {
  readonly label: string;
  readonly figure: Figure;
}

export interface SliderOptions {
  /** What the slider changes, such as "ε". */
  readonly name: string;
  /** The label of the step that is shown first, and in the image; the first unless said. */
  readonly active?: string;
}

/** In CSS pixels: what the slider needs below the axes, and what ticks and the axis title take above it. */
const sliderHeight = 84;
const axisHeight = 44;
/** For each further line of the axis title, such as a learning curve's note on its seeds. */
const lineHeight = 18;
const margin = { t: 48, b: 56 };

/**
 * Several figures as one, with a slider that goes from one to the next; it works without a kernel. Scales are those
 * of all steps together, so that they compare; what differs in the layout otherwise, such as the title, changes along.
 */
export function sliderFigure(steps: readonly SliderStep[], { name, active }: SliderOptions): Figure {
  const [first] = steps;
  if (!first) throw new InputError(`the slider "${name}" has no steps; expected at least one.`);
  const shown = active === undefined ? 0 : steps.findIndex(({ label }) => label === active);
  if (shown < 0) {
    throw new InputError(
      `the slider "${name}" has no step "${active}"; expected one of ${steps.map(({ label }) => label).join(', ')}.`,
    );
  }
  const owner = steps.flatMap(({ figure }, step) => figure.data.map(() => step));
  const visible = (step: number) => owner.map((one) => one === step);
  const data = steps.flatMap(({ figure }, step) =>
    figure.data.map((trace) => ({ ...trace, visible: step === shown }) as Data),
  );
  const base = steps[shown]!.figure.layout;
  const furtherLines = lineHeight * breaksIn(base.xaxis?.title);
  const bottom = (base.margin?.b ?? margin.b) + sliderHeight + furtherLines;
  const slider: Partial<Slider> = {
    active: shown,
    currentvalue: { prefix: `${name} `, xanchor: 'left', offset: 8 },
    pad: { t: axisHeight + furtherLines, b: 0 },
    x: 0,
    len: 1,
    y: 0,
    yanchor: 'top',
    steps: steps.map(({ label, figure }, step) => ({
      label,
      value: label,
      method: 'update' as const,
      args: [{ visible: visible(step) }, changes(figure.layout)],
      execute: true,
    })) as unknown as Slider['steps'],
  };
  return {
    data,
    layout: {
      ...base,
      xaxis: { ...base.xaxis, ...sharedRange(steps, 'x') },
      yaxis: { ...base.yaxis, ...sharedRange(steps, 'y') },
      height: figureHeight(steps[shown]!.figure) + sliderHeight + furtherLines,
      margin: { ...base.margin, b: bottom },
      sliders: [slider],
    },
  };
}

/** Line breaks in the title of an axis. */
function breaksIn(title: string | { readonly text?: string } | undefined): number {
  const text = typeof title === 'string' ? title : title?.text;
  return (text ?? '').split('<br>').length - 1;
}

/** What of a layout may differ between steps. */
function changes({ title, shapes, annotations }: Partial<Layout>): Partial<Layout> {
  return { title: title!, shapes: shapes ?? [], annotations: annotations ?? [] };
}

/** Room beside the outermost points, as a share of the range. */
const slack = 0.04;

/** The range over the numbers of all steps; of bars with their zero. Where an axis has one, or names, that stays. */
function sharedRange(steps: readonly SliderStep[], axis: 'x' | 'y') {
  const fixed = steps.some(({ figure }) => {
    const { range, type } = figure.layout[`${axis}axis`] ?? {};
    return range !== undefined || type === 'category';
  });
  if (fixed) return {};
  const traces = steps.flatMap(({ figure }) => figure.data) as { type?: string; x?: unknown; y?: unknown }[];
  const values = traces.flatMap((trace) => {
    const own = trace[axis];
    const numbers = Array.isArray(own) ? own.filter((value) => Number.isFinite(value)) : [];
    return trace.type === 'bar' && axis === 'y' ? [0, ...numbers] : numbers;
  }) as number[];
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (!(least < most)) return {};
  const room = slack * (most - least);
  return { range: [least - (least === 0 ? 0 : room), most + room] };
}
