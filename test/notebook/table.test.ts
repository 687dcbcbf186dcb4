import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { showTable } from '../../lib/notebook/table';
import { enterNotebook, leaveNotebook, type Shown } from './fakeNotebook';

let shown: Shown[];
beforeEach(() => {
  shown = enterNotebook();
});
afterEach(leaveNotebook);

const plain = () => shown.at(-1)!.data['text/plain'];
const html = () => shown.at(-1)!.data['text/html'] as string;

describe('showTable', () => {
  it('aligns numbers to the right and leaves missing values empty', () => {
    const rows = [
      { prefix: '2+2', value: 0.6480000000000001, words: 1 },
      { prefix: '2+2 is', value: null, words: 12 },
    ];
    showTable(rows, { caption: 'Values at γ = 0.9' });
    expect(plain()).toBe(
      ['Values at γ = 0.9', 'prefix  value  words', '2+2     0.648      1', '2+2 is            12'].join(
        '\n',
      ),
    );
    expect(html()).toContain('<td style="text-align: left">2+2</td><td style="text-align: right">0.648</td>');
  });

  it('rounds to the asked digits, but never a whole number', () => {
    showTable([{ a: Math.PI, b: 123456789 }], { digits: 2 });
    expect(plain()).toBe('  a          b\n3.1  123456789');
  });

  it('shows HTML in values as text', () => {
    showTable([{ response: '<script>alert(1)</script> & more' }]);
    expect(html()).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; more');
    expect(html()).not.toContain('<script>');
  });

  it('leaves out the middle of a long table and says so', () => {
    showTable(Array.from({ length: 400 }, (_, step) => ({ step })));
    const lines = plain().split('\n');
    expect(lines[0]).toBe('400 rows, 20 shown');
    expect(lines.slice(1).map((line) => line.trim())).toEqual([
      'step',
      ...Array.from({ length: 10 }, (_, i) => String(i)),
      '…',
      ...Array.from({ length: 10 }, (_, i) => String(390 + i)),
    ]);
  });

  it('takes rows of different columns', () => {
    showTable([{ a: 1 }, { b: 2 }]);
    expect(plain()).toBe('a  b\n1\n   2');
  });

  it('takes a danfo DataFrame, with its index where it has one', async () => {
    const { DataFrame } = await import('danfojs-node');
    showTable(
      new DataFrame([
        { step: 1, loss: 0.5 },
        { step: 2, loss: 0.25 },
      ]),
    );
    expect(plain()).toBe('step  loss\n   1   0.5\n   2  0.25');
    showTable(new DataFrame([[1], [2]], { columns: ['loss'], index: ['mean', 'max'] }));
    expect(plain()).toBe('      loss\nmean     1\nmax      2');
  });
});
