import type { PlotData } from 'plotly.js';
import { expect, it } from 'vitest';
import { learningCurveFigure } from '../../lib/notebook/figures/learningCurveFigure';

const titles = { title: 'PPO learns', xTitle: 'step', yTitle: 'reward' };
const rows = [1, 2].flatMap((seed) =>
  [1, 2].map((step) => ({
    seed,
    step,
    algorithm: 'PPO',
    reward: seed * step,
    accuracy: step === 2 ? seed : null,
  })),
);
const traces = (figure: { data: unknown[] }) => figure.data as Partial<PlotData>[];

it('draws the band, then each seed, then the mean', () => {
  const figure = learningCurveFigure(rows, { ...titles, x: 'step', y: 'reward', group: 'algorithm' });
  const [lower, upper, first, second, mean] = traces(figure);
  expect([lower?.fill, upper?.fill]).toEqual([undefined, 'tonexty']);
  expect([first?.name, second?.name, mean?.name]).toEqual(['PPO, seed 1', 'PPO, seed 2', 'PPO']);
  expect([first?.y, second?.y, mean?.y]).toEqual([
    [1, 2],
    [2, 4],
    [1.5, 3],
  ]);
  expect((upper!.y as number[])[0]).toBeCloseTo(1.5 + 12.7062047364 / 2, 9);
  expect(JSON.stringify(figure.layout.xaxis?.title)).toContain('mean of 2 seeds');
});

it('is one line for one seed, at the steps that were measured', () => {
  const figure = learningCurveFigure(
    rows.filter(({ seed }) => seed === 1),
    { ...titles, x: 'step', y: 'accuracy' },
  );
  expect(traces(figure).map(({ x, y }) => [x, y])).toEqual([[[2], [1]]]);
});

it('marks on a logarithmic axis what was measured', () => {
  const sizes = [16, 64].flatMap((rankings) => [1, 2].map((seed) => ({ seed, rankings, accuracy: 0.8 })));
  const { layout } = learningCurveFigure(sizes, { ...titles, x: 'rankings', y: 'accuracy', xScale: 'log' });
  expect(layout.xaxis).toMatchObject({ type: 'log', tickvals: [16, 64], ticktext: ['16', '64'] });
});
