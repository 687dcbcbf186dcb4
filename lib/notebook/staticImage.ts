/**
 * A figure as an image, drawn in Node without a browser: Plotly lays it out in a simulated page (jsdom), and
 * resvg paints the SVG. Layout and painting use the DejaVu fonts of a package, never the machine's, so the same
 * figure gives the same bytes everywhere. Cartesian traces only; WebGL ones (surfaces, meshes) need a browser.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Canvas } from '@napi-rs/canvas';
import { type Figure, figureHeight, figureWidth } from './figure';
import { type MeasureText, type SvgElement, textExtent } from './textExtent';
import { withTheme } from './theme';

/** Image pixels per CSS pixel: sharp on high-density screens. */
const pixelRatio = 2;

const requireFromProject = createRequire(join(process.cwd(), 'package.json'));
const fontFiles = ['DejaVuSans', 'DejaVuSans-Bold', 'DejaVuSans-Oblique'];
const measuringFamily = 'lab figure';

interface Plotly {
  toImage(
    figure: object,
    options: { format: 'svg'; imageDataOnly: true; width: number; height: number },
  ): Promise<string>;
}

/** What is used of the simulated page. */
interface Page {
  readonly URL: { createObjectURL(): string };
  readonly HTMLCanvasElement: { readonly prototype: object };
  readonly SVGElement: { readonly prototype: object };
  readonly Plotly: Plotly;
  eval(source: string): void;
}

function fontPaths(): string[] {
  return fontFiles.map((name) => requireFromProject.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`));
}

function textMeasure(canvas: typeof import('@napi-rs/canvas')): MeasureText {
  for (const path of fontPaths()) canvas.GlobalFonts.registerFromPath(path, measuringFamily);
  const context = canvas.createCanvas(1, 1).getContext('2d');
  return (text, font) => {
    context.font = `${font} "${measuringFamily}"`;
    const size = context.measureText(text);
    return {
      width: size.width,
      ascent: size.fontBoundingBoxAscent,
      descent: size.fontBoundingBoxDescent,
    };
  };
}

/** Heatmaps are painted on a canvas; one stands behind each canvas element of the page. */
function installCanvas(page: Page, { createCanvas }: typeof import('@napi-rs/canvas')): void {
  interface Element {
    readonly width: number;
    readonly height: number;
  }
  const canvases = new WeakMap<Element, Canvas>();
  function canvasOf(element: Element) {
    let canvas = canvases.get(element);
    if (canvas?.width !== element.width || canvas.height !== element.height) {
      canvas = createCanvas(element.width, element.height);
      canvases.set(element, canvas);
    }
    return canvas;
  }
  Object.assign(page.HTMLCanvasElement.prototype, {
    getContext(this: Element, kind: string) {
      return kind === '2d' ? canvasOf(this).getContext('2d') : null;
    },
    toDataURL(this: Element) {
      return canvasOf(this).toDataURL('image/png');
    },
  });
}

function installTextExtents(page: Page, measure: MeasureText): void {
  function extent(this: SvgElement) {
    return textExtent(this, measure);
  }
  Object.assign(page.SVGElement.prototype, {
    getBBox: extent,
    getBoundingClientRect: extent,
    getComputedTextLength(this: SvgElement) {
      return textExtent(this, measure).width;
    },
  });
}

let plotly: Plotly | undefined;

/** Loads Plotly into a simulated page, once: about half a second. */
function loadPlotly(): Plotly {
  if (plotly) return plotly;
  const { JSDOM } = requireFromProject('jsdom') as {
    JSDOM: new (html: string, options: object) => { window: Page };
  };
  const canvas = requireFromProject('@napi-rs/canvas') as typeof import('@napi-rs/canvas');
  const page = new JSDOM('<!DOCTYPE html>', { pretendToBeVisual: true, runScripts: 'outside-only' }).window;
  page.URL.createObjectURL = () => '';
  installCanvas(page, canvas);
  installTextExtents(page, textMeasure(canvas));
  // Plotly's maps, which are not drawn here, ask for these as they load
  Object.assign(page, { TextDecoder, TextEncoder });
  page.eval(readFileSync(requireFromProject.resolve('plotly.js-dist'), 'utf8'));
  plotly = page.Plotly;
  return plotly;
}

/** The figure as SVG. Ids inside it are random. */
export function renderSvg(figure: Figure): Promise<string> {
  return loadPlotly().toImage(withTheme(figure), {
    format: 'svg',
    imageDataOnly: true,
    width: figureWidth,
    height: figureHeight(figure),
  });
}

/** The figure as PNG, at two image pixels per CSS pixel. */
export async function renderPng(figure: Figure): Promise<Buffer> {
  const svg = await renderSvg(figure);
  const { Resvg } = requireFromProject('@resvg/resvg-js') as typeof import('@resvg/resvg-js');
  const image = new Resvg(svg, {
    background: 'white',
    fitTo: { mode: 'zoom', value: pixelRatio },
    font: { loadSystemFonts: false, fontFiles: fontPaths(), defaultFontFamily: 'DejaVu Sans' },
  });
  return image.render().asPng();
}
