import { expect, it } from 'vitest';
import { contourFigure } from '../../lib/notebook/figures/contourFigure';

const text = {
  title: 'title',
  xTitle: 'x (nats)',
  yTitle: 'y (nats)',
  zTitle: 'gain',
  x: 'x',
  y: 'y',
} as const;
const grid = [
  { x: 0, y: 0, gain: 1 },
  { x: 1, y: 0, gain: 2 },
  { x: 0, y: 5, gain: 3 },
  { x: 1, y: 5, gain: 4 },
];
const line = [
  { x: 0, y: 0, path: 'region' },
  { x: 0.5, y: 2, path: 'region' },
  { x: 1, y: 0, path: 'region' },
];
const step = [
  { x: 0, y: 0, path: 'step' },
  { x: 1, y: 5, path: 'step' },
];

it('lays the rows out as a plane, with regions as lines and steps that end in a marker', () => {
  const figure = contourFigure(grid, [...line, ...step], { ...text, z: 'gain', path: 'path' });
  const [surface, region, arrow] = figure.data;
  expect(surface).toMatchObject({
    type: 'contour',
    x: [0, 1],
    y: [0, 5],
    z: [
      [1, 2],
      [3, 4],
    ],
  });
  expect(region).toMatchObject({ name: 'region', mode: 'lines', x: [0, 0.5, 1] });
  expect(arrow).toMatchObject({ name: 'step', mode: 'lines+markers', y: [0, 5] });
  expect(figure.layout.showlegend).toBe(true);
});

it('is the plane alone without lines', () => {
  const figure = contourFigure(grid, [] as typeof step, { ...text, z: 'gain', path: 'path' });
  expect(figure.data).toHaveLength(1);
  expect(figure.layout.showlegend).toBe(false);
});
