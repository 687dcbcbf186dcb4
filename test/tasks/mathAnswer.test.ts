import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMathAnswer, sameAnswer } from '../../lib/tasks/mathAnswer';

const { raw } = String;

const bakery = `Each tray holds 4 * 6 = <<4*6=24>>24 rolls.
Three trays hold 3 * 24 = <<3*24=72>>72 rolls.
At $0.50 a roll the baker earns 72 * $0.50 = $<<72*0.5=36>>36.
#### 36`;

const savings = `Mira saves $250 a month, so in a year she saves 12 * 250 = $3,000.
With the $1,500 that she had, she has 3000 + 1500 = $4,500.
#### 4,500`;

const temperature = `In the morning it is 3 degrees. It falls by 2 degrees an hour for 5 hours: 2 * 5 = 10.
3 - 10 = -7
#### -7`;

const rambling = `She buys 5 + 2 = 7 pens.
The answer is 7.

Q: Tom has 3 cats and gets 4 more. How many has he?
A: He has 3 + 4 = 7, and 1 runs away, so 6.`;

const triangle = raw`By the law of sines, $\frac{a}{\sin 30^\circ} = \frac{8}{\sin 90^\circ}$, so $a = 4$.
The area is $\frac{1}{2} \cdot 4 \cdot 4\sqrt{3} = \boxed{8\sqrt{3}}$ square units.`;

const dice = raw`There are $6^2 = 36$ equally likely outcomes, and $6$ of them have a sum of $7$. The
probability is
\[\frac{6}{36} = \boxed{\dfrac{1}{6}}.\]`;

const quadratic = raw`Completing the square gives $(x - 3)^2 = 0$, so $\boxed{x = 3}$ is a root.
It is the only one, so the sum of the different roots is $\boxed{3}$.`;

const steps = `#### Step 1: the perimeter
2 * (3 + 4) = 14 m
#### Step 2: the price
14 m at $5 a metre cost 70 dollars.`;

describe('readMathAnswer', () => {
  it.each<[text: string, answer: string | null]>([
    // solutions as GSM8K and MATH write them
    [bakery, '36'],
    [savings, '4500'],
    [temperature, '-7'],
    [rambling, '6'],
    [triangle, raw`8\sqrt{3}`],
    [dice, '1/6'],
    [quadratic, '3'],
    [steps, '70'],
    // marks
    ['#### 42', '42'],
    ['#### 5\nNo, I forgot 2.\n#### 7', '7'],
    ['#### 42 apples', '42'],
    ['#### 42\nThat took me 3 minutes.', '42'],
    ['##### 7\nSo 9.', '9'],
    ['Answer:\nblue', 'blue'],
    ['A: 42', '42'],
    ['Q: What is 40+2?\nA: 42', '42'],
    ['Answer: 42', '42'],
    ['**Answer:** 42', '42'],
    ['**Answer**: **42**', '42'],
    ['Final Answer: `42`', '42'],
    ['The answer is 42.', '42'],
    ['The answer is 42. I checked it 3 times.', '42'],
    ['The answer is 42 apples (6 baskets of 7).', '42'],
    ['The answer is: 42', '42'],
    ['The answer is 2 + 3 = 5.', '5'],
    ['The answer is therefore 42 euros', '42'],
    ['The answer is $3/4$ of a cup.', '3/4'],
    ['The answer is x = 5, y = 3.', 'x=5,y=3'],
    ['The answer is x+1.', 'x+1'],
    ['The answer is (B).', '(b)'],
    ['The answer is blue.', 'blue'],
    ['The answer is 4. No, the answer is 5.', '5'],
    ['Answer:\n\n$$42$$', '42'],
    ["Answer: Let's think.\n3+4 = 7\nSo there are 7.", '7'],
    ['It costs 9. The answer is', '9'],
    // boxes
    [raw`$\boxed{42}$`, '42'],
    [raw`\[\boxed{\frac{1}{2}}\]`, '1/2'],
    [raw`\boxed{5}, or rather \boxed{6}. The answer is 7.`, '6'],
    [raw`#### 5 and \boxed{6}`, '6'],
    [raw`\boxed{5} or so`.concat('\n#### 6'), '6'],
    [raw`\boxed{\boxed{42}}`, '42'],
    [raw`\boxed{42} and then \boxed{4`, '42'],
    [raw`\boxed{ } so 7`, '7'],
    [raw`\boxed{\{1, 2\}}`, raw`\{1,2\}`],
    [raw`\boxed{x+1}`, 'x+1'],
    [raw`\boxed{\text{Evelyn}}`, 'evelyn'],
    [raw`\boxed{x = -5}`, '-5'],
    [raw`\boxed{- 5}`, '-5'],
    [raw`\boxed{x = 1 or x = 2}`, 'x=1orx=2'],
    [raw`\boxed{x \ge 5}`, raw`x\ge5`],
    [raw`\boxed{x >= 5}`, 'x>=5'],
    [raw`\boxed{x != 5}`, 'x!=5'],
    [raw`\boxed{(3, \tfrac{\pi}{2})}`, raw`(3,\frac{\pi}{2})`],
    [raw`\boxed{\left( 1, 2 \right)}`, '(1,2)'],
    // thousands
    ['1,234,567', '1234567'],
    ['1 234', '1234'],
    [raw`1\,234`, '1234'],
    [raw`1,\!234`, '1234'],
    ['1{,}234', '1234'],
    ['1\u202f234 kg', '1234'],
    ['1,2', '2'],
    ['1,2345', '2345'],
    ['10, 200', '200'],
    [raw`\boxed{1,2}`, '1,2'],
    [raw`\boxed{0,123}`, '0,123'],
    [raw`\boxed{1,234,56}`, '1,234,56'],
    // currency and units
    ['$1,200.50', '2401/2'],
    ['It costs -$5', '-5'],
    ['It costs $-5$', '-5'],
    ['€5', '5'],
    ['5€', '5'],
    ['42 apples', '42'],
    ['12 cm', '12'],
    ['12cm', '12'],
    ['Area: 5 cm^2', '5'],
    ['50%', '50'],
    [raw`\boxed{50\%}`, '50'],
    [raw`\boxed{12\text{ cm}^2}`, '12'],
    [raw`\boxed{12 m^2}`, '12'],
    [raw`\boxed{9.8\,\mathrm{m/s}^2}`, '49/5'],
    [raw`\boxed{90^\circ}`, '90'],
    [raw`\boxed{90°}`, '90'],
    [raw`\boxed{\$18}`, '18'],
    [raw`\boxed{5x}`, '5x'],
    [raw`\boxed{5 x}`, '5x'],
    [raw`\boxed{10\pi}`, raw`10\pi`],
    [raw`\boxed{10 pi}`, '10pi'],
    [raw`\boxed{5 million}`, '5million'],
    [raw`\boxed{5 or 6}`, '5or6'],
    // decimals, fractions, powers of ten
    ['42.0', '42'],
    ['.5', '1/2'],
    ['0.75', '3/4'],
    ['3/4', '3/4'],
    ['6 / 8', '3/4'],
    [raw`\dfrac{6}{8}`, '3/4'],
    [raw`\frac12`, '1/2'],
    [raw`-\frac{3}{4}`, '-3/4'],
    [raw`\frac{3}{-4}`, '-3/4'],
    [raw`\boxed{\frac{1}{2}3}`, raw`\frac{1}{2}3`],
    ['1 1/2', '3/2'],
    [raw`1\frac{1}{2}`, '3/2'],
    ['-1 1/2', '-3/2'],
    ['1e3', '1000'],
    ['1.5E-3', '3/2000'],
    [raw`1.5\times10^3`, '1500'],
    [raw`$2 \cdot 10^{-1}$`, '1/5'],
    ['10^4', '10000'],
    [raw`\boxed{1/0}`, '1/0'],
    [raw`\boxed{\frac{1}{0}}`, '1/0'],
    [raw`\boxed{1e1000}`, '1e1000'],
    // signs and the last number
    ['x = 5', '5'],
    ['2+2 is 4', '4'],
    ['2+2 is 4.', '4'],
    ['So it is −5', '-5'],
    ['x = - 5', '-5'],
    ['-0', '0'],
    ['3-4', '4'],
    ['10 - 4', '4'],
    ['10 -4', '4'],
    ['covid-19', '19'],
    ['2024-05-01', '1'],
    ['12/25/2024', '2024'],
    ['v1.2.3', null],
    ['B12 and x_1', null],
    ['...5', '5'],
    ['I do not know', null],
    ['', null],
  ])('reads %j as %j', (text, answer) => {
    expect(readMathAnswer(text)).toBe(answer);
  });

  it('reads any whole number back, however it is written', () => {
    const separators = [',', '{,}', raw`\,`, ' ', '\u202f', ''];
    const signs = ['-', '−'];
    const dressings = ['_', '$_', '€_', raw`\$_`, '**_**', '$_$', '_ apples', '_.00', '_%'];
    const marks = [
      '_',
      'So it is _.',
      '#### _',
      'A: _',
      'The answer is _.',
      raw`\boxed{_}`,
      raw`The 2 of them get $\boxed{_}$ in 3 days.`,
    ];
    fc.assert(
      fc.property(
        fc.oneof(
          fc.bigInt({ min: -10_000n, max: 10_000n }),
          fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
        ),
        fc.constantFrom(...separators),
        fc.constantFrom(...signs),
        fc.constantFrom(...dressings),
        fc.constantFrom(...marks),
        (value, separator, sign, dressing, mark) => {
          const size = String(value < 0n ? -value : value);
          const digits = size.replace(/\B(?=(?:\d{3})+$)/g, () => separator);
          const dressed = dressing.replace('_', () => (value < 0n ? sign : '') + digits);
          expect(readMathAnswer(mark.replace('_', () => dressed))).toBe(String(value));
        },
      ),
      { numRuns: 500 },
    );
  });

  const pieces =
    raw`\boxed{|{|}|\{|\frac|\text{|####|A:|answer is|$|**|^|_|,|.|-|=|/|e|%| |~|\,|\|1|23|456|x|pi|or|(|)`
      .split('|')
      .concat('\n');

  it('never throws, and reads its own answer as the same answer where it is a number', () => {
    const noise = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(noise, fc.string({ unit: 'binary' })), (text) => {
        const answer = readMathAnswer(text);
        expect(sameAnswer(text, text)).toBe(true);
        if (answer !== null && /^-?\d+(?:\/\d+)?$/.test(answer) && !/\/0+$/.test(answer)) {
          expect(readMathAnswer(answer)).toBe(answer);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('takes no notice of a text without digits and marks', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[b-z ,.\-+=/\\{}$^*\n]*$/), (text) => {
        expect(readMathAnswer(text)).toBeNull();
      }),
    );
  });

  it('reads 100,000 characters of anything in little time', () => {
    const repeated = [
      ...pieces,
      '1,',
      '123,',
      '123 ',
      '1/',
      '1 1/',
      raw`\boxed{1}`,
      raw`\frac{1}{`,
      '^{',
      '. ',
      '\nA:',
    ];
    const size = 100_000;
    for (const piece of repeated) {
      for (const [start, end] of [
        ['', ''],
        [raw`\boxed{`, '}'],
        ['The answer is ', 'x'],
      ]) {
        const text = start + piece.repeat(size / piece.length) + end;
        const before = performance.now();
        readMathAnswer(text);
        sameAnswer(text, '1');
        // some 50 ms at most here; a square of the length would take 10 s and more
        expect(performance.now() - before, JSON.stringify(start + piece)).toBeLessThan(2000);
      }
    }
  });
});

describe('sameAnswer', () => {
  it.each([
    ['42', '42.0'],
    ['$1,200.50', '1200.5'],
    ['3/4', '0.75'],
    [raw`\frac{3}{4}`, '.75'],
    ['1 1/2', '1.5'],
    ['50%', '50 %'],
    ['50%', '50'],
    ['−5', '-5'],
    ['1e3', '1,000'],
    ['x = 5', '5 apples'],
    [raw`\dfrac{\pi}{2}`, raw`\frac{ \pi }{2}`],
    [raw`\text{Evelyn}`, 'evelyn'],
    ['1/0', raw`\frac{1}{0}`],
    ['(1, 2)', raw`\left(1,2\right)`],
  ])('takes %s and %s for one answer', (a, b) => {
    expect(sameAnswer(a, b)).toBe(true);
    expect(sameAnswer(b, a)).toBe(true);
  });

  it.each([
    ['50%', '0.5'],
    ['1/3', '0.3333333333333333'],
    ['100000000000000000001', '100000000000000000000'],
    ['5', '-5'],
    ['1,2', '12'],
    ['5x', '5'],
    ['x+1', '1'],
    ['1/0', '0/0'],
    // over 1,000 digits are compared as text
    ['9'.repeat(1001), `${'9'.repeat(1001)}.0`],
    ['2024-05-01', '1'],
  ])('tells %s from %s', (a, b) => {
    expect(sameAnswer(a, b)).toBe(false);
    expect(sameAnswer(b, a)).toBe(false);
  });

  it('is equality of rationals, so an equivalence', () => {
    /** a/b, written in one of several ways; small, so that many are equal. */
    const rational = fc.record({
      a: fc.integer({ min: -12, max: 12 }),
      b: fc.constantFrom(1, 2, 3, 4, 5, 6, 8, 10),
      scale: fc.integer({ min: 1, max: 9 }),
      style: fc.nat(4),
    });
    const write = ({ a, b, scale, style }: { a: number; b: number; scale: number; style: number }) => {
      const sign = a < 0 ? '-' : '';
      const [top, bottom] = [Math.abs(a) * scale, b * scale];
      if (style === 0) return `${sign}${top}/${bottom}`;
      if (style === 1) return raw`${sign}\frac{${top}}{${bottom}}`;
      if (style === 2) return raw`\dfrac{${sign}${top}}{${bottom}}`;
      if (style === 3) return `${sign}${Math.floor(top / bottom)} ${top % bottom}/${bottom}`;
      // a third and a sixth have no decimals
      return b % 3 === 0 ? `x = ${sign}${top}/${bottom}` : `${sign}${(top / bottom).toFixed(3)} cm`;
    };
    fc.assert(
      fc.property(rational, rational, (r, s) => {
        expect(sameAnswer(write(r), write(s))).toBe(r.a * s.b === s.a * r.b);
      }),
      { numRuns: 1000 },
    );
  });
});
