/** How wide a text is where nothing can measure it. */

/** The widths of the characters from the space to the tilde in DejaVu Sans, in hundredths of the font's size. */
const characterWidths = [
  32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34,
  34, 84, 84, 84, 54, 100, 69, 69, 70, 78, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75, 79, 61, 79, 70, 64, 62, 74,
  69, 99, 69, 62, 69, 40, 34, 40, 84, 50, 50, 62, 64, 55, 64, 62, 36, 64, 64, 28, 28, 58, 28, 98, 64, 62, 64,
  64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84,
];

/** How wide a text is, in CSS pixels: a kernel has no page to measure it. The theme's other fonts are not wider. */
export function textWidth(text: string, size: number): number {
  const widths = Array.from(text, (one) => characterWidths[one.codePointAt(0)! - 32] ?? 100);
  return Math.ceil((size * widths.reduce((sum, width) => sum + width, 0)) / 100);
}

/** A text cut to a width, with … where something is missing. */
export function shortened(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  const characters = Array.from(text);
  while (textWidth(`${characters.join('')}…`, size) > width) characters.pop();
  return `${characters.join('').trimEnd()}…`;
}
