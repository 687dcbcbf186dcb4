import type { Annotations, ColorBar, Data, Layout, UpdateMenu } from 'plotly.js';
import { InputError } from '../../errors/inputError';
import { nearestName } from '../../errors/nearestName';
import { colorAt, type Scale, scaleOf, textColorOn } from '../colorScale';
import { type Figure, figureWidth, numberOrNull, titledLayout } from '../figure';
import { numberText } from '../numberText';
import {
  chooseResponses,
  lineColumn,
  places,
  type Response,
  type TokenOfResponse,
  type TokenOptions,
} from '../responses';
import { shortened, textWidth } from '../textWidth';
import { ink } from '../theme';

/** The units of columns that have one. */
const units: Readonly<Record<string, string>> = {
  reward: 'units of reward',
  value: 'units of reward',
  return: 'units of reward',
  old_log_prob: 'nats',
  log_prob: 'nats',
  kl: 'nats',
};

/** In CSS pixels. */
const tokenSize = 13;
const labelSize = 12;
const rowHeight = 27;
const boxHeight = 22;
const padding = 6;
const gap = 3;
const edge = 24;
const titleHeight = 48;
const legendHeight = 68;
const captionHeight = 44;
const barLength = 240;
const room = { query: 200, result: 160, token: 220 };

/** Between the groups of two queries, in rows. */
const groupGap = 0.4;

const missingColor = '#DDDDDD';
const borderColor = '#BBBBBB';

/** A token's text and place: from `left`, in CSS pixels, in a row that counts from 1. */
interface Box<Row> {
  readonly token: Row;
  readonly response: Response<Row>;
  readonly text: string;
  readonly left: number;
  readonly width: number;
  readonly row: number;
}

/**
 * Responses as text: a line each, which goes on below where it is too long, and each token on the colour of one of
 * its quantities. The menu changes the quantity without a kernel; hovering a token shows all of them.
 * Each quantity is pale at zero, bluer above and more orange below it; tokens without it are grey.
 * @throws InputError where there is nothing to show, or no such column, step or response
 */
export function tokenFigure<Row extends TokenOfResponse>(
  rows: readonly Row[],
  options: TokenOptions<Row>,
): Figure {
  const line = lineColumn(rows, options);
  const { responses, caption } = chooseResponses(rows, line, options);
  const tokens = responses.flatMap((response) => response.tokens);
  const quantities = quantitiesOf(tokens, line);
  const shown = shownFirst(quantities, options.color);
  const paint = paintOf(tokens, shown);

  const titled = titledLayout({ title: options.title, xTitle: '', yTitle: '' });
  const labels = responses.map((_, i) => labelOf(responses, i, line));
  const labelWidth = widthOf(labels);
  const margin = {
    l: edge + labelWidth,
    r: edge,
    t: Number(titled.margin?.t ?? titleHeight) + legendHeight,
    b: captionHeight,
  };
  const width = figureWidth - margin.l - margin.r;
  const boxes = placeBoxes(responses, width);
  const rowsDrawn = boxes.at(-1)!.row;
  const height = Math.round(margin.t + rowsDrawn * rowHeight + margin.b);
  const bare = { visible: false, fixedrange: true } as const;
  const layout = {
    title: { ...(titled.title as object), xref: 'container', x: edge / figureWidth },
    // boxes are as wide as their text, which does not grow with the page
    width: figureWidth,
    height,
    margin,
    barmode: 'overlay',
    showlegend: false,
    hovermode: 'closest',
    dragmode: false,
    modebar: { remove: ['select2d', 'lasso2d'] },
    hoverlabel: { bgcolor: 'white', bordercolor: '#888888', align: 'left', font: { color: ink } },
    // a pixel more than the boxes, for their borders
    xaxis: { ...bare, range: [-1, width + 1] },
    yaxis: { ...bare, range: [rowsDrawn + 0.5, 0.5] },
    annotations: [
      barTitle(paint.title),
      ...labels.flatMap((label) => labelNotes(label, boxes, labelWidth)),
      { ...note(caption, 0), xanchor: 'left', yref: 'paper', y: 0, yanchor: 'top', yshift: -padding },
    ],
    updatemenus: [menu(tokens, quantities, shown, edge - margin.l)],
    coloraxis: { ...paint.scale, colorbar: colorBar },
  } satisfies Partial<Layout> & { coloraxis: object };
  return { data: [tokenTrace(boxes, paint, line, quantities), colorBarTrace], layout };
}

const numberIn = (row: object, column: string) => numberOrNull(row[column as keyof typeof row]);

/** The columns of numbers, in their order, that some token has. */
function quantitiesOf(tokens: readonly object[], line: string): string[] {
  const columns = [...new Set(tokens.flatMap((token) => Object.keys(token)))];
  const quantities = columns.filter(
    (column) =>
      column !== line &&
      !(places as readonly string[]).includes(column) &&
      tokens.some((token) => numberIn(token, column) !== null),
  );
  if (quantities.length === 0)
    throw new InputError('the tokens have no column of numbers to colour them by.');
  return quantities;
}

function shownFirst(quantities: readonly string[], asked: string | undefined): string {
  if (asked === undefined) return quantities.includes('advantage') ? 'advantage' : quantities[0]!;
  if (quantities.includes(asked)) return asked;
  throw new InputError(
    `the tokens have no numbers in a column "${asked}"; did you mean color: "${nearestName(asked, quantities)}"? There are ${quantities.join(', ')}.`,
  );
}

/** What stands left of a response. */
interface Label<Row> {
  readonly response: Response<Row>;
  /** Cut to the room there is; once for a group, at its first response. */
  readonly query: string;
  readonly result: string;
}

function labelOf<Row extends TokenOfResponse>(
  responses: readonly Response<Row>[],
  i: number,
  line: string,
): Label<Row> {
  const response = responses[i]!;
  const query = startsGroup(responses, i) ? shortened(response.query, room.query, labelSize) : '';
  return { response, query, result: shortened(resultOf(response, line), room.result, labelSize) };
}

/** The summed reward, with the response's name where that says more than a number does. */
function resultOf<Row extends TokenOfResponse>({ name, tokens }: Response<Row>, line: string): string {
  const isNumber = !Number.isNaN(Number(name));
  const reward = rewardOf(tokens);
  if (reward === null) return isNumber ? `${line} ${name}` : name;
  return isNumber ? reward : `${name}  ${reward}`;
}

/** Of the queries' column, where there are queries, and of the results'. */
function widthOf(labels: readonly Label<unknown>[]): number {
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => textWidth(text, labelSize)));
  const queries = widest(labels.map(({ query }) => query));
  return (queries > 0 ? queries + 3 * padding : 0) + widest(labels.map(({ result }) => result)) + 2 * padding;
}

function labelNotes<Row>(
  { response, query, result }: Label<Row>,
  boxes: readonly Box<Row>[],
  width: number,
): Partial<Annotations>[] {
  const y = boxes.find((box) => box.response === response)!.row;
  const right: Partial<Annotations> = { ...note(result, -2 * padding), xanchor: 'right', y };
  if (query === '') return [right];
  const whole = query === response.query ? {} : { hovertext: escaped(response.query) };
  return [right, { ...note(query, -width), ...whole, xanchor: 'left', y }];
}

function startsGroup(responses: readonly Response<unknown>[], i: number): boolean {
  return responses[i - 1]?.query !== responses[i]!.query;
}

/** Text beside the boxes, so many CSS pixels right of where they begin. */
function note(text: string, xshift: number): Partial<Annotations> {
  return { text: escaped(text), xref: 'paper', x: 0, xshift, yref: 'y', yanchor: 'middle', showarrow: false };
}

function rewardOf(tokens: readonly TokenOfResponse[]): string | null {
  const rewards = tokens.map(({ reward }) => numberOrNull(reward)).filter((reward) => reward !== null);
  return rewards.length > 0 ? `reward ${numberText(rewards.reduce((sum, reward) => sum + reward, 0))}` : null;
}

function placeBoxes<Row extends TokenOfResponse>(
  responses: readonly Response<Row>[],
  width: number,
): Box<Row>[] {
  const boxes: Box<Row>[] = [];
  let row = 0;
  responses.forEach((response, i) => {
    row += i > 0 && startsGroup(responses, i) ? 1 + groupGap : 1;
    let left = 0;
    for (const token of response.tokens) {
      const text = shortened(visible(token.token), room.token, tokenSize);
      const boxWidth = textWidth(text, tokenSize) + 2 * padding;
      if (left > 0 && left + boxWidth > width) {
        row += 1;
        left = 0;
      }
      boxes.push({ token, response, text, left, width: boxWidth, row });
      left += boxWidth + gap;
    }
  });
  return boxes;
}

/** What is white or nothing at a token's ends, which a box would not show. */
const unseen: Readonly<Record<string, string>> = { ' ': '␣', '\n': '⏎', '\t': '⇥' };

function visible(token: string): string {
  if (token === '') return '∅';
  return token.replace(/^\s+|\s+$|[\n\t]/gu, (blank) =>
    Array.from(blank, (one) => unseen[one] ?? '␣').join(''),
  );
}

/** Plotly takes <end> for a tag, and shows nothing of it. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function titleOf(column: string): string {
  const unit = units[column];
  return unit ? `${column} (${unit})` : column;
}

/** How a column colours the boxes and the text on them. */
interface Paint {
  readonly boxes: readonly string[];
  readonly texts: readonly string[];
  readonly scale: Scale;
  /** What is to be read at the colour bar. */
  readonly title: string;
}

function paintOf(tokens: readonly object[], column: string): Paint {
  const values = tokens.map((token) => numberIn(token, column));
  const measured = values.filter((value) => value !== null);
  const scale = scaleOf(column, measured);
  const boxes = values.map((value) => (value === null ? missingColor : colorAt(scale, value)));
  return { boxes, texts: boxes.map(textColorOn), scale, title: titleOf(column) };
}

/**
 * Plotly draws a colour bar for a trace of numbers, but warns at each text in a bar whose colour is a number, since it
 * looks for the contrast. So the boxes have their colours, and this trace, which shows nothing, has the colour bar.
 */
const colorBarTrace = {
  x: [null],
  y: [null],
  mode: 'markers',
  marker: { color: [0], coloraxis: 'coloraxis' } as object,
  hoverinfo: 'skip',
} satisfies Data;

/** Plotly takes a horizontal bar for one below the axes: a title of its own would move the figure's. */
const colorBar: Partial<ColorBar> = {
  title: { text: '' },
  orientation: 'h',
  x: 1,
  xanchor: 'right',
  xpad: 0,
  y: 1,
  yanchor: 'bottom',
  ypad: 14,
  lenmode: 'pixels',
  len: barLength,
  thickness: 10,
  outlinewidth: 0.5,
  outlinecolor: borderColor,
  nticks: 5,
};

function barTitle(text: string): Partial<Annotations> {
  const middle = { x: 1, xanchor: 'center' as const, xshift: -barLength / 2 };
  return {
    text,
    xref: 'paper',
    ...middle,
    yref: 'paper',
    y: 1,
    yanchor: 'bottom',
    yshift: 42,
    showarrow: false,
  };
}

function tokenTrace<Row extends TokenOfResponse>(
  boxes: readonly Box<Row>[],
  paint: Paint,
  line: string,
  quantities: readonly string[],
): Data {
  return {
    type: 'bar',
    orientation: 'h',
    // what a terminal, which draws no boxes, says of y
    name: 'row of each token',
    base: boxes.map(({ left }) => left),
    x: boxes.map(({ width }) => width),
    y: boxes.map(({ row }) => row),
    width: boxHeight / rowHeight,
    text: boxes.map(({ text }) => escaped(text)),
    textposition: 'inside',
    insidetextanchor: 'middle',
    textangle: 0,
    constraintext: 'none',
    marker: { color: [...paint.boxes], cornerradius: 3, line: { color: borderColor, width: 1 } } as object,
    insidetextfont: { size: tokenSize, color: [...paint.texts] },
    customdata: boxes.map((box) => hoverTexts(box, line, quantities)),
    hovertemplate: hoverTemplate(quantities),
  } as Data;
}

/** The boxes are the first trace, and the only one that changes. */
function menu(
  tokens: readonly object[],
  quantities: readonly string[],
  shown: string,
  left: number,
): Partial<UpdateMenu> {
  const buttons = quantities.map((column) => {
    const { boxes, texts, scale, title } = paintOf(tokens, column);
    const changes = {
      'coloraxis.colorscale': scale.colorscale,
      'coloraxis.cmin': scale.cmin,
      'coloraxis.cmax': scale.cmax,
      'annotations[0].text': title,
    };
    return {
      label: `colour by ${column}`,
      method: 'update' as const,
      args: [{ 'marker.color': [boxes], 'insidetextfont.color': [texts] }, changes, [0]],
    };
  });
  return {
    buttons,
    active: quantities.indexOf(shown),
    x: 0,
    xanchor: 'left',
    y: 1,
    yanchor: 'bottom',
    pad: { l: left, b: 18 },
    bgcolor: 'white',
    bordercolor: borderColor,
  };
}

/** The token, where it stands, and then a text for each quantity. */
function hoverTexts<Row extends TokenOfResponse>(
  { token, response, text }: Box<Row>,
  line: string,
  quantities: readonly string[],
): string[] {
  const place = [`${line} ${response.name}`, `position ${token.position}`, rewardOf(response.tokens)];
  const values = quantities.map((column) => {
    const value: unknown = token[column as keyof Row];
    return typeof value === 'number' ? numberText(value) : 'none';
  });
  return [
    escaped(text),
    [escaped(response.query), place.filter(Boolean).join(', ')].filter(Boolean).join('<br>'),
    ...values,
  ];
}

function hoverTemplate(quantities: readonly string[]): string {
  const values = quantities.map((column, i) => `${titleOf(column)}: %{customdata[${i + 2}]}`);
  return `<b>%{customdata[0]}</b><br>%{customdata[1]}<br>${['', ...values].join('<br>')}<extra></extra>`;
}
