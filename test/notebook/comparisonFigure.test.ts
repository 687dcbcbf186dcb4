import type { PlotData } from 'plotly.js';
import { expect, it } from 'vitest';
import { compareSettings } from '../../lib/experiments/comparison/compareSettings';
import { seededRandom } from '../../lib/math/random';
import { comparisonFigure } from '../../lib/notebook/figures/comparisonFigure';
import { renderSvg } from '../../lib/notebook/staticImage';

const scores = [
  ...[0.81, 0.85, 0.77, 0.86].map((score, i) => ({ setting: 'PPO', seed: i + 1, score })),
  ...[0.93, 0.95, 0.9, 0.95].map((score, i) => ({ setting: 'GRPO', seed: i + 1, score })),
  ...[0.6, 0.7].map((score, i) => ({ setting: 'TRPO', seed: i + 1, score })),
];
const compared = compareSettings(scores, seededRandom(1));
const text = { title: 'GRPO adds best', xTitle: 'held-out accuracy (share of sums)' };
const figure = comparisonFigure(scores, compared, text);
const [seeds, meanLines, means, iqmLines, iqms] = figure.data as Partial<PlotData>[];

it('has the best mean on top', () => {
  expect(figure.layout.yaxis?.ticktext).toEqual([
    '<b>GRPO</b><br>4 seeds',
    '<b>PPO</b><br>4 seeds',
    '<b>TRPO</b><br>2 seeds: not evidence',
  ]);
  const [from, to] = figure.layout.yaxis!.range as number[];
  expect(from).toBeGreaterThan(to!);
});

it('draws each seed at its setting, those of equal score apart', () => {
  expect(seeds?.x).toEqual(scores.map(({ score }) => score));
  const places = (seeds!.y as number[]).map((y) => Math.round(y) + 0);
  expect(places).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 2, 2]);
  expect((seeds!.y as number[])[5]).not.toBe((seeds!.y as number[])[7]);
});

it('draws both means with the rows’ intervals, hollow and without one for two seeds', () => {
  const [ppo, grpo, trpo] = compared.settings;
  expect([means!.x, iqms!.x]).toEqual([
    [grpo!.mean, ppo!.mean, trpo!.mean],
    [grpo!.iqm, ppo!.iqm, trpo!.iqm],
  ]);
  const lines = (end: 'mean' | 'iqm') =>
    [grpo!, ppo!].flatMap((row) => [row[`${end}_lower`], row[`${end}_upper`], null]);
  expect([meanLines?.x, iqmLines?.x]).toEqual([lines('mean'), lines('iqm')]);
  expect(means?.marker?.symbol).toEqual(['circle', 'circle', 'circle-open']);
  // at the same height as its mark
  expect((meanLines!.y as number[])[0]).toBe((means!.y as number[])[0]);
});

it('says below the axis what the two best are worth', async () => {
  const title = (figure.layout.xaxis!.title as { text: string }).text;
  expect(title.replaceAll(/<[^>]*>/g, ' ')).toContain(compared.pairs[0]!.evidence.slice(0, 30));
  const svg = await renderSvg(figure);
  for (const words of [text.title, text.xTitle, 'setting', 'each seed']) expect(svg).toContain(words);
});

it('draws one setting alone, with one seed', () => {
  const one = scores.slice(0, 1);
  const alone = comparisonFigure(one, compareSettings(one, seededRandom(1)), text);
  expect(alone.layout.xaxis?.title).toEqual({ text: text.xTitle });
  expect((alone.data[0] as Partial<PlotData>).y).toEqual([0]);
});
