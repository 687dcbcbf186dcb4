import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { describe, expect, it } from 'vitest';
import { figureHeight, figureWidth } from '../../lib/notebook/figure';
import { lineFigure } from '../../lib/notebook/figures/lineFigure';
import { renderPng, renderSvg } from '../../lib/notebook/staticImage';
import { sampleFigures } from './sampleFigures';

const pixelRatio = 2;

/** The share of pixels of a region, in CSS pixels, that are not white. */
async function inkIn(png: Buffer, x: number, y: number, width: number, tall: number): Promise<number> {
  const image = await loadImage(png);
  const context = createCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const scaled = [x, y, width, tall].map((value) => value * pixelRatio) as [number, number, number, number];
  const { data } = context.getImageData(...scaled);
  let inked = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i]! + data[i + 1]! + data[i + 2]! < 3 * 255) inked += 1;
  return inked / (data.length / 4);
}

/** Ink in the outermost two pixels: text that is cut touches them. */
async function borderInk(png: Buffer, height: number): Promise<number> {
  const horizontal =
    (await inkIn(png, 0, 0, figureWidth, 2)) + (await inkIn(png, 0, height - 2, figureWidth, 2));
  const vertical = (await inkIn(png, 0, 0, 2, height)) + (await inkIn(png, figureWidth - 2, 0, 2, height));
  return horizontal + vertical;
}

describe.each(Object.entries(sampleFigures))('the image of a %s figure', (_, figure) => {
  it('is a PNG of twice the asked size, with a title and margins that cut nothing', async () => {
    const png = await renderPng(figure);
    const image = await loadImage(png);
    expect([image.width, image.height]).toEqual([
      figureWidth * pixelRatio,
      figureHeight(figure) * pixelRatio,
    ]);
    expect(png.length).toBeLessThan(150_000);
    expect(await inkIn(png, 60, 8, 200, 24)).toBeGreaterThan(0.02);
    expect(await borderInk(png, figureHeight(figure))).toBe(0);
  });

  it('names its axes', async () => {
    const svg = await renderSvg(figure);
    for (const axis of [figure.layout.xaxis, figure.layout.yaxis]) {
      const title = axis?.title as { text: string };
      expect(svg).toContain(`>${title.text}</text>`);
    }
  });
});

it('the same figure gives the same bytes in another process', async () => {
  const script = `
    const { renderPng } = require('./lib/notebook/staticImage');
    const { sampleFigures } = require('./test/notebook/sampleFigures');
    const { createHash } = require('node:crypto');
    renderPng(sampleFigures.bar).then((png) => process.stdout.write(createHash('sha256').update(png).digest('hex')));
  `;
  const hook = './lib/workspace/typescriptModules.cjs';
  const there = execFileSync(process.execPath, ['--require', hook, '-e', script], { encoding: 'utf8' });
  const here = createHash('sha256').update(await renderPng(sampleFigures.bar));
  expect(there).toBe(here.digest('hex'));
});

it('long tick labels, a long title and many series all keep their place', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({
    step: i * 25_000,
    value: i * 1e6,
    run: `learning rate ${i % 8}`,
  }));
  const figure = lineFigure(rows, {
    title:
      'A title that is much too long for one line, which must be broken into two, and into three if it has to be',
    x: 'step',
    y: 'value',
    group: 'run',
    xTitle: 'optimizer step',
    yTitle: 'value (millions of rewards)',
  });
  const svg = await renderSvg(figure);
  const legend = [...svg.matchAll(/class="legendtext"[^>]*>([^<]*)</g)].map(([, text]) => text);
  expect(legend).toHaveLength(8);
  const png = await renderPng(figure);
  expect(await borderInk(png, figureHeight(figure))).toBe(0);
});
