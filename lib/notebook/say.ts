/** Prose whose numbers come from the run, so that the text never contradicts the tables. */
import { display } from './display';
import { numberText } from './numberText';

/** Digits of a number in a sentence; a table next to it has more. */
const digits = 3;

/** A list as a sentence has it: "0.1, 0.2 and 0.3". */
function listText(values: readonly (number | string)[]): string {
  const texts = values.map(valueText);
  return texts.length > 1 ? `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}` : (texts[0] ?? 'none');
}

function valueText(value: number | string): string {
  if (typeof value === 'string') return value;
  return numberText(value, digits).replaceAll('-', '−');
}

/**
 * Shows a paragraph or a list in Markdown, with the values filled in: numbers to three significant digits, lists
 * with commas and "and".
 *   say`PPO ends at ${reward}, ${reward > other ? 'above' : 'not above'} GRPO's ${other}.`
 */
export function say(
  texts: TemplateStringsArray,
  ...values: readonly (number | string | readonly (number | string)[])[]
): void {
  const text = texts
    .map((part, i) => {
      const value = values[i];
      if (value === undefined) return part;
      return part + (typeof value === 'object' ? listText(value) : valueText(value));
    })
    .join('')
    .trim();
  display({ data: { 'text/markdown': text, 'text/plain': text } });
}
