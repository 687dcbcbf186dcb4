import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvText } from '../../lib/files/csvText';

describe('the text of a CSV', () => {
  it('is quoted by RFC 4180, with LF, a header and the columns of the first row', () => {
    const rows = [
      { b: 'say "hi", twice', a: 1, empty: null },
      { a: 0.1 + 0.2, b: 'two\nlines', empty: undefined },
    ];
    expect(csvText('t', rows)).toBe('b,a,empty\n"say ""hi"", twice",1,\n"two\nlines",0.30000000000000004,\n');
  });

  it('quotes a carriage return, which some readers take for the end of a line', () => {
    expect(csvText('t', [{ a: 'x\ry', b: 1 }])).toBe('a,b\n"x\ry",1\n');
  });

  it('gives every text and every number back', () => {
    const row = fc.record({ text: fc.string({ unit: 'binary' }), number: fc.double(), flag: fc.boolean() });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), (rows) => {
        const back = parse(csvText('t', rows), { columns: true }) as Record<string, string>[];
        const expected = rows.map(({ text, number, flag }) => ({
          text,
          number: Number.isNaN(number) ? '' : String(number),
          flag: String(flag),
        }));
        expect(back).toEqual(expected);
        for (const [i, { number }] of rows.entries()) {
          // −0 is written 0.
          if (!Number.isNaN(number)) expect(Number(back[i]!.number) === number).toBe(true);
        }
      }),
    );
  });

  it('refuses rows whose columns differ, in one sentence', () => {
    const rows = [
      { step: 1, loss: 0.5 },
      { step: 2, loss: 0.4 },
      { step: 3, lost: 0.3 },
    ];
    expect(() => csvText('05/loss', rows)).toThrow(
      `Row 3 of the CSV "05/loss" lacks "loss" and has "lost" beyond the first row's columns.`,
    );
  });

  it('refuses no rows, and values that are no single value', () => {
    expect(() => csvText('t', [])).toThrow('The CSV "t" has no rows');
    expect(() => csvText('t', [{ a: 1, b: [2] }])).toThrow(
      'Row 1 of the CSV "t" holds an array in column "b"',
    );
    expect(() => csvText('t', [{ a: { c: 1 } }])).toThrow('a value of type object in column "a"');
  });
});
