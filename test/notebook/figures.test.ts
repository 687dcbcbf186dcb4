import type { PlotData } from 'plotly.js';
import { describe, expect, it } from 'vitest';
import { barFigure } from '../../lib/notebook/figures/barFigure';
import { heatmapFigure } from '../../lib/notebook/figures/heatmapFigure';
import { histogramFigure } from '../../lib/notebook/figures/histogramFigure';
import { lineFigure } from '../../lib/notebook/figures/lineFigure';
import { mazeFigure } from '../../lib/notebook/figures/mazeFigure';
import { diverging, palette, sequential } from '../../lib/notebook/theme';
import { headings, parseMaze, usualRewards, walk } from '../../lib/tasks/maze';

const titles = { title: 'title', xTitle: 'x (step)', yTitle: 'y (nats)' };
const traces = (figure: { data: unknown[] }) => figure.data as Partial<PlotData>[];

describe('lineFigure', () => {
  const rows = [
    { step: 0, train: 1, test: 2, seed: 1 },
    { step: 1, train: Number.NaN, test: null, seed: 1 },
    { step: 2, train: 3, test: 4, seed: 2 },
  ];

  it('draws one line a column, passes over what was not measured and leaves a gap at NaN', () => {
    const figure = lineFigure(rows, { ...titles, x: 'step', y: { train: 'training', test: 'held out' } });
    expect(traces(figure).map(({ name, x, y }) => ({ name, x, y }))).toEqual([
      { name: 'training', x: [0, 1, 2], y: [1, null, 3] },
      { name: 'held out', x: [0, 2], y: [2, 4] },
    ]);
    expect(figure.layout.showlegend).toBe(true);
  });

  it('draws one line a group, named after the column where the value alone says nothing', () => {
    const figure = lineFigure(rows, { ...titles, x: 'step', y: 'train', group: 'seed' });
    expect(traces(figure).map(({ name, line }) => [name, line?.color])).toEqual([
      ['seed = 1', palette[0]],
      ['seed = 2', palette[1]],
    ]);
  });

  it('has no legend for a single line', () => {
    expect(lineFigure(rows, { ...titles, x: 'step', y: 'train' }).layout.showlegend).toBe(false);
  });

  it('draws the band behind the line', () => {
    const figure = lineFigure(
      [
        { step: 0, mean: 1, low: 0, high: 2 },
        { step: 1, mean: 2, low: 1, high: 4 },
      ],
      { ...titles, x: 'step', y: 'mean', band: ['low', 'high'] },
    );
    expect(traces(figure).map(({ y, fill }) => [y, fill])).toEqual([
      [[0, 1], undefined],
      [[2, 4], 'tonexty'],
      [[1, 2], undefined],
    ]);
  });

  it('breaks a title that is wider than the figure', () => {
    const title =
      'Does the held-out accuracy of the reward model reach what the noise of the annotators allows?';
    const text = lineFigure(rows, { ...titles, title, x: 'step', y: 'train' }).layout.title;
    const lines = (text as { text: string }).text.split('<br>');
    expect(lines.join(' ')).toBe(title);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(64);
  });
});

describe('histogramFigure', () => {
  it('counts every finite value once, the greatest included', () => {
    const rows = [0, 1, 1, 2, 3, 4, Number.NaN].map((score) => ({ score }));
    const [trace] = traces(histogramFigure(rows, { ...titles, x: 'score', bins: 4 }));
    expect(trace?.x).toEqual([0, 0, 1, 2, 3, 4]);
    expect(trace?.y).toEqual([0, 1, 2, 1, 2, 0]);
  });

  it('gives each group’s share over shared bins', () => {
    const rows = [
      { score: 0, kind: 'worse' },
      { score: 1, kind: 'better' },
      { score: 4, kind: 'better' },
    ];
    const [worse, better] = traces(histogramFigure(rows, { ...titles, x: 'score', group: 'kind', bins: 2 }));
    expect(worse).toMatchObject({ name: 'worse', x: [0, 0, 2, 4], y: [0, 100, 0, 0] });
    expect(better).toMatchObject({ name: 'better', x: [0, 0, 2, 4], y: [0, 50, 50, 0] });
  });

  it('takes a single value, and none', () => {
    expect(traces(histogramFigure([{ score: 3 }], { ...titles, x: 'score', bins: 1 }))[0]).toMatchObject({
      x: [2.5, 2.5, 3.5],
      y: [0, 1, 0],
    });
    expect(traces(histogramFigure([] as { score: number }[], { ...titles, x: 'score' }))[0]?.y).toEqual([
      0, 0, 0,
    ]);
  });
});

describe('barFigure', () => {
  const rows = [
    { algorithm: 'PPO', reward: 0.5, error: 0.1 },
    { algorithm: 'GRPO', reward: 0.75, error: 0.05 },
  ];

  it('labels bars with their values', () => {
    const figure = barFigure(rows, { ...titles, x: 'algorithm', y: 'reward' });
    expect(traces(figure)[0]).toMatchObject({ x: ['PPO', 'GRPO'], y: [0.5, 0.75], textposition: 'outside' });
  });

  it('draws error bars in place of labels', () => {
    const figure = barFigure(rows, { ...titles, x: 'algorithm', y: 'reward', error: 'error' });
    expect(traces(figure)[0]).toMatchObject({ error_y: { array: [0.1, 0.05] } });
    expect(traces(figure)[0]).not.toHaveProperty('texttemplate');
  });
});

describe('sections', () => {
  it('shades every other one, and names each above the axes', () => {
    const rows = [1, 2, 3].map((step) => ({ step, loss: step }));
    const sections = [
      { from: 1, to: 2, label: 'one' },
      { from: 2, to: 3, label: 'two' },
    ];
    const text = { title: 'Loss', xTitle: 'step', yTitle: 'loss (nats)' };
    const reference = { y: 1, label: 'least' };
    const { layout } = lineFigure(rows, { ...text, x: 'step', y: 'loss', reference, sections });
    expect(layout.shapes?.map(({ type, x0, x1 }) => [type, x0, x1])).toEqual([
      ['line', 0, 1],
      ['rect', 1, 2],
      ['rect', 2, 3],
    ]);
    expect(layout.annotations?.map(({ text, x, y }) => [text, x, y])).toEqual([
      ['one', 1.5, 1],
      ['two', 2.5, 1],
    ]);
    expect(layout.margin?.t).toBe(68);
  });
});

describe('heatmapFigure', () => {
  const options = { ...titles, x: 'prefix', y: 'gamma', z: 'value', zTitle: 'value' } as const;

  it('lays rows out as a table, with a hole for a missing cell', () => {
    const rows = [
      { gamma: 0.9, prefix: '2+2', value: 0.648 },
      { gamma: 0.9, prefix: '4', value: 0.8 },
      { gamma: 0.5, prefix: '4', value: 0.8 },
    ];
    const figure = heatmapFigure(rows, options);
    expect(traces(figure)[0]).toMatchObject({
      x: ['2+2', '4'],
      y: ['0.9', '0.5'],
      z: [
        [0.648, 0.8],
        [null, 0.8],
      ],
    });
    expect(figure.layout.xaxis?.type).toBe('category');
  });

  it('puts white at zero where values have both signs', () => {
    const signed = [-1, 3].map((value) => ({ gamma: 1, prefix: value, value }));
    expect(traces(heatmapFigure(signed, options))[0]).toHaveProperty('zmid', 0);
    expect(traces(heatmapFigure(signed.slice(1), options))[0]).not.toHaveProperty('zmid');
  });

  it('compares on a given scale, with a second line in the cells', () => {
    const cells = [
      { a: 0, b: 0, p: 0.25, note: 'held out' },
      { a: 0, b: 1, p: 0.5, note: '' },
    ];
    const text = { title: 'p', xTitle: 'b', yTitle: 'a', zTitle: 'p' };
    const figure = heatmapFigure(cells, { ...text, x: 'b', y: 'a', z: 'p', zRange: [0, 1], note: 'note' });
    expect(traces(figure)[0]).toMatchObject({ zmin: 0, zmax: 1, text: [['held out', '']] });
  });
});

describe('mazeFigure', () => {
  // floors in this order: row 1 column 1, row 1 column 2, row 2 column 1
  const maze = parseMaze('..E\n.##', 'three floors');
  const [forward, left, right] = [0, 1, 2];
  const state = (floor: number, heading: (typeof headings)[number]) => 4 * floor + headings.indexOf(heading);
  const named = (figure: { data: unknown[] }, name: string) =>
    traces(figure).find((trace) => trace.name === name);

  /** The points of a trace, rounded. */
  function points(trace: Partial<PlotData> | undefined) {
    const rounded = (numbers: unknown) => (numbers as number[]).map((one) => Number(one.toFixed(6)));
    return trace && [rounded(trace.x), rounded(trace.y)];
  }

  function walkOf(start: number, actions: readonly number[]) {
    let taken = 0;
    return walk(maze, start, usualRewards, actions.length, () => actions[taken++]!);
  }

  it('colours each floor by the mean over its headings, rows downwards and columns from 1', () => {
    const values = [1, 2, 3, 6, 4, 4, 4, 4, 0, 0, 0, 2];
    const figure = mazeFigure(maze, { title: 'title', values });
    expect(named(figure, 'value')).toMatchObject({
      x: [1, 2, 3],
      y: [1, 2],
      z: [
        [3, 4, null],
        [0.5, null, null],
      ],
      colorscale: sequential,
      zmin: 0.5,
      zmax: 4,
      texttemplate: '%{z:.2~g}',
    });
    expect(figure.layout.xaxis).toMatchObject({ title: { text: 'column' }, range: [0.5, 3.5] });
    expect(figure.layout.yaxis).toMatchObject({
      title: { text: 'row' },
      range: [2.5, 0.5],
      scaleanchor: 'x',
    });
    expect(figure.layout.showlegend).toBe(false);
  });

  it('puts white at zero where values have both signs, and takes a range to compare figures by', () => {
    const values = new Array<number>(12).fill(-1).fill(3, 8);
    expect(named(mazeFigure(maze, { title: 'title', values }), 'value')).toMatchObject({
      colorscale: diverging,
      zmin: -3,
      zmax: 3,
    });
    expect(named(mazeFigure(maze, { title: 'title', values, valueRange: [0, 5] }), 'value')).toMatchObject({
      colorscale: sequential,
      zmin: 0,
      zmax: 5,
    });
  });

  it('leaves a hole where a value is not finite', () => {
    const values = new Array<number>(12).fill(1).fill(Number.NaN, 3, 4).fill(2, 8);
    expect(named(mazeFigure(maze, { title: 'title', values }), 'value')).toMatchObject({
      z: [
        [null, 1, null],
        [2, null, null],
      ],
      zmin: 1,
      zmax: 2,
    });
  });

  it('shows the directions in which a policy drives on', () => {
    const actions = new Array<number>(12).fill(left);
    actions[state(2, 'north')] = forward;
    actions[state(1, 'east')] = forward;
    const drives = named(mazeFigure(maze, { title: 'title', actions }), 'drives on when facing this way');
    expect(drives?.marker?.symbol).toEqual(['triangle-right', 'triangle-up']);
    expect(points(drives)).toEqual([
      [2.36, 1],
      [1, 1.64],
    ]);
  });

  it('draws a way out, an arrow at each drive, up to the edge of the exit', () => {
    const path = walkOf(state(2, 'north'), [forward, right, forward, forward]);
    const figure = mazeFigure(maze, { title: 'title', path });
    const way = named(figure, 'way out, 4 actions');
    expect(way?.marker?.symbol).toEqual(['triangle-up', 'triangle-right', 'triangle-right']);
    // on the right of the cells' middles
    expect(points(way)).toEqual([
      [1.12, 1.5, 2.5],
      [1.5, 1.12, 1.12],
    ]);
    expect(points(named(figure, 'start'))).toEqual([[1.12], [2]]);
    const line = traces(figure).find(({ mode }) => mode === 'lines');
    expect(points(line)).toEqual([
      [1.12, 1.12, 2, 2.5],
      [2, 1.12, 1.12, 1.12],
    ]);
    expect(named(figure, 'stuck')).toBeUndefined();
  });

  it('draws there and back as two lines, each wall that was hit, and where it ends', () => {
    const path = walkOf(state(0, 'east'), [forward, right, forward, right, forward, forward]);
    const figure = mazeFigure(maze, { title: 'title', path });
    const way = named(figure, 'path, 6 actions');
    expect(points(way)).toEqual([
      [1.5, 1.5],
      [1.12, 0.88],
    ]);
    expect(points(named(figure, 'into a wall, 2×'))).toEqual([
      [2, 0.6],
      [1.4, 1],
    ]);
    expect(points(named(figure, 'stuck'))).toEqual([[1], [0.88]]);
    const line = traces(figure).find(({ mode }) => mode === 'lines');
    expect(points(line)).toEqual([
      [1, 2.12, 2.12, 1],
      [1.12, 1.12, 0.88, 0.88],
    ]);
  });

  it('draws a robot that never leaves its cell', () => {
    const path = walkOf(state(1, 'west'), [left]);
    const figure = mazeFigure(maze, { title: 'title', path });
    expect(points(named(figure, 'start'))).toEqual([[2], [1]]);
    expect(points(named(figure, 'stuck'))).toEqual([[2], [1]]);
    expect(points(named(figure, 'path, 1 action'))).toEqual([[], []]);
  });

  it('wants one value and one action for each state', () => {
    expect(() => mazeFigure(maze, { title: 'title', values: [1, 2] })).toThrow(
      'three floors has 12 states, but 2 values are given for them.',
    );
    expect(() => mazeFigure(maze, { title: 'title', actions: [] })).toThrow('but 0 actions are given');
  });
});
