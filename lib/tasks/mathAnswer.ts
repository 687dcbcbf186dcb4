/**
 * The final answer of a worked solution, read and compared exactly. Solutions mark it in one of these ways:
 *   GSM8K's last line, "#### 42" (Cobbe et al. 2021, arXiv:2110.14168);
 *   MATH's \boxed{42} (Hendrycks et al. 2021, arXiv:2103.03874);
 *   "A: 42", "Answer: 42", "The answer is 42."
 *
 * Units are dropped and not compared: $5, €5, 5 cm, 5% and 5 are one answer. So 50% is 50, and not 0.5.
 */

/** Longer numbers stand as text, so that no text takes long to read. */
const longestNumber = 1000;

/**
 * The final answer of a text: the last box or "####" line, else what follows the last "answer is", else the
 * last number. A number is given as a whole number or a fraction in lowest terms: "42", "-5", "3/4"; another
 * marked answer, such as x+1, as text without spaces and capitals.
 * @returns null where nothing is marked and there is no number
 */
export function readMathAnswer(text: string): string | null {
  const plain = tidy(text);
  const marked = lastMarked(plain);
  if (marked !== null) return canonical(marked);
  return lastStated(plain) ?? lastNumber(plain);
}

/** Whether two answers, without the solutions around them, are the same number or else the same text. */
export function sameAnswer(a: string, b: string): boolean {
  return canonical(tidy(a)) === canonical(tidy(b));
}

const power = '(?:\\^[23]|\\^\\{[23]\\})';
const styled = new RegExp(
  `\\\\(?:text(?:bf|it|rm)?|math(?:rm|bf)|mbox|operatorname) ?\\{([^{}]*)\\}${power}?`,
  'gu',
);
const tenToThe = '10 ?\\^ ?(?:\\{ ?([+-]?\\d{1,3}) ?\\}|(-?\\d{1,3}))(?!\\d)';
const timesTen = new RegExp(`(?<=\\d) {0,3}(?:\\\\times|\\\\cdot|[×·*x]) {0,3}${tenToThe}`, 'gu');
const powerOfTen = new RegExp(`(?<![\\w.^}])${tenToThe}`, 'gu');
const argument = '(?:\\{ ?(-?[\\d.,]+) ?\\}|(\\d))';
const latexFraction = new RegExp(`(\\d?)\\\\frac ?${argument} ?${argument}(?! ?\\d)`, 'gu');

/** Writes a formula as plain text: no mark-up, no currency, one kind of space and minus, 3/4 and 1.5e3. */
function tidy(text: string): string {
  return text
    .replace(/[−–]/gu, '-')
    .replace(/\\!|\\(?:left|right)(?![A-Za-z])/gu, '')
    .replace(/\{,\}/gu, ',')
    .replace(/\\[cdt]frac(?![A-Za-z])/gu, '\\frac')
    .replace(/(?:\\[,;:]|\\(?=\s)|~|[^\S\n])+/gu, ' ')
    .replace(styled, ' $1 ')
    .replace(/ ?\^ ?(?:\\circ|\{ ?\\circ ?\})|\\degree|°/gu, ' degrees ')
    .replace(/-\\?[$€£¥₹] ?(?=[\d.])/gu, '-')
    .replace(/\\?[$€£¥₹%]|\\[()[\]]/gu, ' ')
    .replace(/(?<![\w)}\]])\*\*|\*\*(?![\w({[])/gu, '')
    .replace(timesTen, (_, braced?: string, bare?: string) => `e${braced ?? bare}`)
    .replace(powerOfTen, (_, braced?: string, bare?: string) => `1e${braced ?? bare}`)
    .replace(latexFraction, (_, before: string, a?: string, b?: string, c?: string, d?: string) => {
      const top = (a ?? b)!;
      const bottom = (c ?? d)!;
      const fraction = bottom.startsWith('-') ? `-${top}/${bottom.slice(1)}` : `${top}/${bottom}`;
      return before === '' ? fraction : `${before} ${fraction}`;
    });
}

// Commas and spaces separate thousands only before groups of just three digits: 1,234 but not 1,2 or 0,123.
const whole = '(?:[1-9]\\d{0,2}(?:(?:,\\d{3})+|(?: \\d{3})+)(?!\\d)|\\d+)';
const decimal = `(?:${whole}(?:\\.\\d+)?|(?<!\\.)\\.\\d+)(?:[eE][+-]?\\d{1,3}(?!\\d))?`;
const number = `(?:(?<units>\\d+) (?=\\d+ ?\\/))?(?<top>${decimal})(?: ?\\/ ?(?<bottom>${decimal}))?`;

// A short unit may touch its number, 12cm, but one letter that does so is a variable, 5x.
const touching = '[cdkm]m|[km]g|ml|ft|in|lb|oz|hr|min|mph';
const shortUnit = `(?: {0,3}(?:${touching})| {1,3}[mgshlcfk])(?:\\/\\p{L}+)?${power}?`;
const notUnits =
  'and|or|to|pi|sqrt|sin|cos|tan|log|ln|mod|times|plus|minus|dozen|hundred|thousand|million|billion|trillion';
const unitWords = ` {1,3}(?!(?:${notUnits})\\b)\\p{L}{2,}[\\p{L} '/.\\-]*`;
const amount = new RegExp(`^(?<sign>[+-]?) ?${number}(?:${shortUnit}|${unitWords})?$`, 'iu');

/** The answer in the form in which equal answers are equal texts. */
function canonical(answer: string): string {
  return canonicalNumber(answer) ?? withoutEdges(answer).replace(/\s+/gu, '').toLowerCase();
}

/** The number that an answer is, or that its equation says it is. */
function canonicalNumber(answer: string): string | null {
  return readAmount(answer) ?? readAmount(rightSide(answer));
}

/** What follows the last "=" of an equation; nothing where there are several equations, or an inequality. */
function rightSide(text: string): string {
  const equals = text.lastIndexOf('=');
  const left = text.slice(0, Math.max(equals, 0));
  const several = /,(?!\d{3})|[;<>≤≥]|!$|\b(?:and|or)\b/u.test(left);
  return equals < 0 || several ? '' : text.slice(equals + 1);
}

function withoutEdges(text: string): string {
  // looking for the end takes the square of the length
  if (text.length > longestNumber) return text.trim();
  return text.replace(/^[\s*_`'",;:]+|[\s*_`'".,;:!?]+$/gu, '');
}

/** A number with or without a unit, as a fraction in lowest terms. */
function readAmount(text: string): string | null {
  if (text.length > longestNumber) return null;
  const { sign, units, top, bottom } = amount.exec(withoutEdges(text))?.groups ?? {};
  if (top === undefined) return null;
  const [a, b] = readDecimal(top);
  const [c, d] = bottom === undefined ? [1n, 1n] : readDecimal(bottom);
  if (c === 0n) return null;
  const denominator = b * c;
  const numerator = a * d + BigInt(units ?? 0) * denominator;
  const divisor = greatestCommonDivisor(numerator, denominator);
  const lowest = `${sign === '-' ? -numerator / divisor : numerator / divisor}`;
  return divisor === denominator ? lowest : `${lowest}/${denominator / divisor}`;
}

/** 1,234.5e-6 as numerator and denominator. */
function readDecimal(text: string): [bigint, bigint] {
  const [digits = '', exponent = '0'] = text.replace(/[, ]/gu, '').toLowerCase().split('e');
  const [before = '', after = ''] = digits.split('.');
  const places = Number(exponent) - after.length;
  const value = BigInt(before + after);
  return places < 0 ? [value, 10n ** BigInt(-places)] : [value * 10n ** BigInt(places), 1n];
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a, b];
  while (smaller > 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}

const hasWords = (text: string) => /(?<![\\\p{L}])\p{L}{2,}/u.test(text);

/** The content of the last box or "####" line, whichever comes later. A heading "#### Step 2" is neither. */
function lastMarked(text: string): string | null {
  const lines = [...text.matchAll(/(?<!#)####(?!#)([^\n]*)/gu)].filter(([, line = '']) => {
    return canonicalNumber(line) !== null || (line.trim() !== '' && !hasWords(line));
  });
  const line = lines.at(-1);
  const box = lastBox(text);
  if (box && (!line || box.start > line.index!)) return box.content;
  return line?.[1] ?? null;
}

/** The box that opens last, of those that are closed and not empty. */
function lastBox(text: string): { readonly start: number; readonly content: string } | null {
  let last: { start: number; end: number } | null = null;
  const open: { readonly start: number; readonly box: boolean }[] = [];
  for (const { 0: token, index = 0 } of text.matchAll(/\\(?:boxed|fbox) ?\{|\\[{}]|[{}]/gu)) {
    if (token === '}') {
      const { start, box } = open.pop() ?? { start: 0, box: false };
      if (box && start > (last?.start ?? -1) && text.slice(start, index).trim() !== '') {
        last = { start, end: index };
      }
    } else if (token.endsWith('{') && token !== '\\{') {
      open.push({ start: index + token.length, box: token.length > 1 });
    }
  }
  return last && { start: last.start, content: text.slice(last.start, last.end) };
}

/** What the text calls its answer. A line of prose gives the amount it begins with, else its last number. */
function lastStated(text: string): string | null {
  const mark = [...text.matchAll(/(?:^|\n) ?A:|\b(?:[Aa]nswer|ANSWER) ?(?:is ?:?|:|=)/gu)].at(-1);
  if (!mark) return null;
  const rest = text.slice(mark.index! + mark[0].length).replace(/^[\s*:]+/u, '');
  const line = rest.split('\n', 1)[0]!;
  if (line === '') return null;
  const value = canonicalNumber(line);
  if (value !== null || !hasWords(line)) return value ?? canonical(line);
  const clause = line.split(/[.,;:!?](?= |$)| \(/u, 1)[0]!;
  return readAmount(clause) ?? lastNumber(line) ?? lastNumber(rest) ?? canonical(clause);
}

// A number does not follow a letter, B12, or another number's point, v1.2.3. A hyphen is a minus unless it
// follows a letter, a number or a bracket: 3-4, 10 -4, (a)-4.
const minus = '(?<![A-Za-z\\d)}\\]]|[\\d)}\\]] )-|(?<== {0,2})- ';
const numbers = new RegExp(`(?:${minus})?(?<![A-Za-z\\d]|[A-Za-z\\d}]_|\\d\\.)${number}`, 'gu');

/** The last number of a text. Exponents and indices are none: 5 cm^2 is 5. */
function lastNumber(text: string): string | null {
  const level = text.replace(/\^ ?(?:\{[^{}]*\}|-?\w+)|_\{[^{}]*\}/gu, '');
  const last = [...level.matchAll(numbers)].at(-1);
  return last ? canonical(last[0]) : null;
}
