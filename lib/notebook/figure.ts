/** What a figure is: plain data that Plotly draws, in a browser or in Node; and what the builders share. */
import type { Data, Layout } from 'plotly.js';
import { groupBy } from '../math/groupBy';

export interface Figure {
  readonly data: Data[];
  readonly layout: Partial<Layout>;
}

/** What every builder takes. */
export interface FigureText {
  /** The question that the figure answers, or its message. */
  readonly title: string;
  /** What is along the x axis, with its unit. */
  readonly xTitle: string;
}

/** The keys of a row whose values are of type Value; null and undefined stand for missing. */
export type KeyOf<Row, Value> = {
  [Key in keyof Row & string]-?: Row[Key] extends Value | null | undefined ? Key : never;
}[keyof Row & string];

/** The width at which figures are designed and rendered as images, in CSS pixels. */
export const figureWidth = 700;

const defaultHeight = 400;

/** The height of a figure, in CSS pixels. */
export function figureHeight(figure: Figure): number {
  return figure.layout.height ?? defaultHeight;
}

/** Plotly takes a missing value as null; JSON knows neither NaN nor the infinities. */
export function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** The groups of the rows by the text of a column, in order of first appearance; all rows without a column. */
export function groupRows<Row>(rows: readonly Row[], column: (keyof Row & string) | undefined) {
  if (column === undefined) return new Map([['', [...rows]]]);
  return groupBy(rows, (row) => String(row[column]));
}

/** A group's name in the legend: a number or a truth value alone would not say of what it is. */
export function seriesName(column: string | undefined, group: string): string {
  const bare = group !== '' && (!Number.isNaN(Number(group)) || group === 'true' || group === 'false');
  return bare ? `${column} = ${group}` : group;
}

/** The characters of a title that fit in the width of a figure. */
const titleCharacters = 64;

/** A title broken at spaces into lines that fit. */
function titleLines(title: string): string[] {
  const lines = [''];
  for (const word of title.split(' ')) {
    const line = lines.at(-1)!;
    if (line && line.length + 1 + word.length > titleCharacters) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines;
}

/** The parts of the layout that every figure has. */
export function titledLayout(text: FigureText & { readonly yTitle: string }): Partial<Layout> {
  const lines = titleLines(text.title);
  return {
    title: { text: lines.join('<br>') },
    // The theme leaves room for one line; Plotly starts several lines higher than one.
    ...(lines.length > 1 && {
      title: { text: lines.join('<br>'), pad: { t: 26 } },
      margin: { t: 28 + 21 * lines.length },
    }),
    xaxis: { title: { text: text.xTitle } },
    yaxis: { title: { text: text.yTitle } },
  };
}
