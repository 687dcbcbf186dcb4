/** One figure of each builder. */
import { barFigure } from '../../lib/notebook/figures/barFigure';
import { heatmapFigure } from '../../lib/notebook/figures/heatmapFigure';
import { histogramFigure } from '../../lib/notebook/figures/histogramFigure';
import { lineFigure } from '../../lib/notebook/figures/lineFigure';
import { mazeFigure } from '../../lib/notebook/figures/mazeFigure';
import { parseMaze, usualRewards, walk } from '../../lib/tasks/maze';
import { mazeOptimum } from '../../lib/tasks/mazeOptimum';

const prefixes = [0.5, 0.9].flatMap((gamma) =>
  ['2+2', '2+2 is', '2+2 is 4'].map((prefix, i) => ({
    gamma,
    prefix,
    words: i + 1,
    value: 0.8 * gamma ** (2 - i),
  })),
);
const maze = parseMaze('#######\n#....E#\n#.#####\n#.....#\n#######', 'a corridor');
const optimum = mazeOptimum(maze, usualRewards, 0.95);
const titles = { title: 'Value of each prefix', xTitle: 'prefix', yTitle: 'value (reward)' };

export const sampleFigures = {
  line: lineFigure(prefixes, {
    ...titles,
    xTitle: 'prefix length (words)',
    x: 'words',
    y: 'value',
    group: 'gamma',
    reference: { y: 0.8, label: 'reward of the whole response' },
  }),
  bar: barFigure(prefixes, { ...titles, x: 'prefix', y: 'value', group: 'gamma' }),
  histogram: histogramFigure(prefixes, {
    title: titles.title,
    xTitle: 'value (reward)',
    x: 'value',
    group: 'gamma',
  }),
  heatmap: heatmapFigure(prefixes, {
    ...titles,
    yTitle: 'discount γ',
    x: 'prefix',
    y: 'gamma',
    z: 'value',
    zTitle: 'value (reward)',
  }),
  maze: mazeFigure(maze, {
    title: 'The way that dynamic programming finds from the end of a corridor to its exit',
    ...optimum,
    path: walk(maze, 4 * 9 + 1, usualRewards, 64, (state) => optimum.actions[state]!),
  }),
};
