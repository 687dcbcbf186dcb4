import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvRecords } from '../../lib/files/csvRecords';
import { csvText } from '../../lib/files/csvText';

const texts = fc.array(
  fc.record({ a: fc.string({ unit: 'binary' }), b: fc.constantFrom('', '"', '\n', '\r\n', ',') }),
  {
    minLength: 1,
  },
);

it('gives back what csvText wrote', () => {
  fc.assert(
    fc.property(texts, (rows) => {
      const text = csvText('t', rows);
      const records = csvRecords(text);
      expect(records.map(({ cells }) => cells)).toEqual([['a', 'b'], ...rows.map(({ a, b }) => [a, b])]);
      expect(records.map((record) => record.text).join('')).toBe(text);
    }),
  );
});

it('gives the records before the place at which the text was cut', () => {
  fc.assert(
    fc.property(texts, fc.nat(), (rows, place) => {
      const text = csvText('t', rows);
      const whole = csvRecords(text);
      const cut = text.slice(0, place % text.length);
      const ends = whole.map(
        (_, i) =>
          whole
            .slice(0, i + 1)
            .map((record) => record.text)
            .join('').length,
      );
      expect(csvRecords(cut)).toEqual(whole.slice(0, ends.filter((end) => end <= cut.length).length));
    }),
  );
});

it('stops at what csvText would not write', () => {
  const read = (text: string) => csvRecords(text).map(({ cells }) => cells);
  expect(read('a,b\n1,x"y\n2,z\n')).toEqual([['a', 'b']]);
  expect(read('a,b\n1,"x"y\n2,z\n')).toEqual([['a', 'b']]);
  expect(read('a,b\n1,2\r\n3,4\n')).toEqual([['a', 'b']]);
});

it('reads a long text, cut off or not', () => {
  const text = csvText('t', [{ a: '"\n'.repeat(500_000), b: 1 }]);
  expect(csvRecords(text)).toHaveLength(2);
  expect(csvRecords(text.slice(0, -3))).toHaveLength(1);
});
