/** Colours of values, where a figure has to know them itself. */
import type { ColorScale } from 'plotly.js';
import { diverging, sequential } from './theme';

export interface Scale {
  readonly colorscale: ColorScale;
  readonly cmin: number;
  readonly cmax: number;
}

type Stops = readonly (readonly [share: number, color: string])[];

/**
 * Pale is zero and hue the sign, in each quantity: with both signs white lies between; with one there is one half.
 * A ratio changes nothing at 1, so its white is there.
 */
export function scaleOf(column: string, values: readonly number[]): Scale {
  const middle = column === 'ratio' ? 1 : 0;
  const least = values.reduce((a, b) => Math.min(a, b), middle);
  const most = values.reduce((a, b) => Math.max(a, b), middle);
  const reach = Math.max(middle - least, most - middle) || 1;
  if (middle !== 0 || (least < 0 && most > 0)) {
    return { colorscale: diverging, cmin: middle - reach, cmax: middle + reach };
  }
  if (least < 0) return { colorscale: belowZero, cmin: least, cmax: 0 };
  return { colorscale: sequential, cmin: 0, cmax: reach };
}

const belowZero: ColorScale = [
  [0, (diverging as Stops)[0]![1]],
  [1, (diverging as Stops)[1]![1]],
];

function channels(hex: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

/** The colour of a value, #rrggbb, as Plotly mixes it. */
export function colorAt({ colorscale, cmin, cmax }: Scale, value: number): string {
  // rounding can take 1 + (ratio − 1) beyond the end
  const share = Math.min(1, Math.max(0, (value - cmin) / (cmax - cmin)));
  const stops = colorscale as Stops;
  const upper = Math.max(
    1,
    stops.findIndex(([at]) => at >= share),
  );
  const [[from, below], [to, above]] = [stops[upper - 1]!, stops[upper]!];
  const [low, high] = [channels(below), channels(above)];
  const mixed = low.map((channel, i) => channel + ((share - from) / (to - from)) * (high[i]! - channel));
  return `#${mixed.map((channel) => Math.round(channel).toString(16).padStart(2, '0')).join('')}`;
}

/** Black or white, whichever contrasts more: one of them always has 4.5 : 1, as WCAG 2.2 (1.4.3) asks. */
export function textColorOn(background: string): string {
  const [red, green, blue] = channels(background).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  return 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 ? '#FFFFFF' : '#000000';
}
