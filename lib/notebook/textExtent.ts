/**
 * Bounding boxes of SVG text without a browser: Plotly asks the page for them to lay out titles, tick labels
 * and legends. Everything else in a figure has its size in its attributes, and Plotly never measures it.
 */

/** The part of an SVG element that is read here. */
export interface SvgElement {
  readonly tagName: string;
  readonly textContent: string | null;
  readonly childNodes: ArrayLike<SvgElement>;
  readonly children: ArrayLike<SvgElement>;
  readonly parentNode: SvgElement | null;
  readonly style?: { getPropertyValue(name: string): string };
  readonly classList?: { contains(name: string): boolean };
  getAttribute?(name: string): string | null;
}

/** Width and height above and below the baseline of one piece of text, in pixels. */
export interface TextSize {
  readonly width: number;
  readonly ascent: number;
  readonly descent: number;
}

/** @param font a CSS font shorthand without the family, such as "bold 12px" */
export type MeasureText = (text: string, font: string) => TextSize;

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** x′ = a x + c y + e, y′ = b x + d y + f */
type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

function multiply(m: Matrix, n: Matrix): Matrix {
  return [
    m[0] * n[0] + m[2] * n[1],
    m[1] * n[0] + m[3] * n[1],
    m[0] * n[2] + m[2] * n[3],
    m[1] * n[2] + m[3] * n[3],
    m[0] * n[4] + m[2] * n[5] + m[4],
    m[1] * n[4] + m[3] * n[5] + m[5],
  ];
}

const identity: Matrix = [1, 0, 0, 1, 0, 0];

function rotation(degrees: number): Matrix {
  const angle = (degrees * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle), -Math.sin(angle), Math.cos(angle), 0, 0];
}

function transformOf(element: SvgElement): Matrix {
  let matrix = identity;
  for (const [, name, list] of (element.getAttribute?.('transform') ?? '').matchAll(/(\w+)\s*\(([^)]*)\)/g)) {
    const [p = 0, q, r = 0] = (list ?? '')
      .trim()
      .split(/[\s,]+/)
      .map(Number);
    if (name === 'translate') matrix = multiply(matrix, [1, 0, 0, 1, p, q ?? 0]);
    else if (name === 'scale') matrix = multiply(matrix, [p, 0, 0, q ?? p, 0, 0]);
    else if (name === 'rotate') {
      const about = multiply([1, 0, 0, 1, q ?? 0, r], multiply(rotation(p), [1, 0, 0, 1, -(q ?? 0), -r]));
      matrix = multiply(matrix, about);
    }
  }
  return matrix;
}

function applyTo(matrix: Matrix, box: Box): Box {
  const corners = [
    [box.left, box.top],
    [box.right, box.top],
    [box.left, box.bottom],
    [box.right, box.bottom],
  ] as const;
  const xs = corners.map(([x, y]) => matrix[0] * x + matrix[2] * y + matrix[4]);
  const ys = corners.map(([x, y]) => matrix[1] * x + matrix[3] * y + matrix[5]);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

function union(boxes: readonly Box[]): Box | undefined {
  if (boxes.length === 0) return undefined;
  return {
    left: Math.min(...boxes.map((box) => box.left)),
    top: Math.min(...boxes.map((box) => box.top)),
    right: Math.max(...boxes.map((box) => box.right)),
    bottom: Math.max(...boxes.map((box) => box.bottom)),
  };
}

/** The nearest value of a presentation property, on the element or an ancestor. */
function inherited(element: SvgElement | null, property: string): string {
  for (let at = element; at?.getAttribute; at = at.parentNode) {
    const value = at.style?.getPropertyValue(property) || at.getAttribute(property);
    if (value) return value;
  }
  return '';
}

/** The font size in pixels; Plotly writes pixels, or a percentage in superscripts and subscripts. */
function fontSize(element: SvgElement | null): number {
  for (let at = element; at?.getAttribute; at = at.parentNode) {
    const value = at.style?.getPropertyValue('font-size') || at.getAttribute('font-size');
    if (value?.endsWith('%')) return (fontSize(at.parentNode) * Number.parseFloat(value)) / 100;
    if (value) return Number.parseFloat(value);
  }
  return 12;
}

function lengthOf(value: string | null | undefined, em: number): number {
  const number = Number.parseFloat(value ?? '');
  if (Number.isNaN(number)) return 0;
  return value?.endsWith('em') ? number * em : number;
}

/** The pieces of text under an element, each with the element that styles it. */
function* textPieces(element: SvgElement): Generator<[string, SvgElement]> {
  for (const child of Array.from(element.childNodes)) {
    if (child.getAttribute) yield* textPieces(child);
    else if (child.textContent) yield [child.textContent, element];
  }
}

/** The box of one line of text: its baseline starts, or is centred, or ends at (x, y). */
function lineBox(line: SvgElement, x: number, y: number, measure: MeasureText): Box {
  let width = 0;
  let ascent = 0;
  let descent = 0;
  for (const [text, element] of textPieces(line)) {
    const style = `${inherited(element, 'font-style')} ${inherited(element, 'font-weight')}`;
    const size = measure(text, `${style} ${fontSize(element)}px`.trim());
    width += size.width;
    ascent = Math.max(ascent, size.ascent);
    descent = Math.max(descent, size.descent);
  }
  const anchor = inherited(line, 'text-anchor');
  const left = anchor === 'middle' ? x - width / 2 : anchor === 'end' ? x - width : x;
  return { left, top: y - ascent, right: left + width, bottom: y + descent };
}

function textBox(text: SvgElement, measure: MeasureText): Box | undefined {
  const x = lengthOf(text.getAttribute?.('x'), 0);
  const y = lengthOf(text.getAttribute?.('y'), 0);
  const lines = Array.from(text.children).filter((child) => child.classList?.contains('line'));
  if (lines.length === 0) {
    const below = lengthOf(text.getAttribute?.('dy'), fontSize(text));
    return text.textContent ? lineBox(text, x, y + below, measure) : undefined;
  }
  return union(
    lines.map((line) => {
      const below = lengthOf(line.getAttribute?.('dy'), fontSize(line));
      return lineBox(line, lengthOf(line.getAttribute?.('x') ?? String(x), 0), y + below, measure);
    }),
  );
}

function contentBox(element: SvgElement, measure: MeasureText): Box | undefined {
  const name = element.tagName.toLowerCase();
  if (name === 'text') return textBox(element, measure);
  if (name === 'tspan') return lineBox(element, 0, 0, measure);
  const boxes = Array.from(element.children).map((child) => transformedBox(child, measure));
  return union(boxes.filter((box) => box !== undefined));
}

function transformedBox(element: SvgElement, measure: MeasureText): Box | undefined {
  const box = contentBox(element, measure);
  return box && applyTo(transformOf(element), box);
}

/** The bounding box of the text under an element, in the coordinates of its parent. */
export function textExtent(element: SvgElement, measure: MeasureText) {
  const box = transformedBox(element, measure) ?? { left: 0, top: 0, right: 0, bottom: 0 };
  return { ...box, x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top };
}
