import fc from 'fast-check';
import { expect, it } from 'vitest';
import { whiten } from '../../lib/advantages/whitening';
import { expectClose } from '../close';
import golden from '../golden/whitening.json';

it("has verl's numbers: mean and variance over all tokens, n − 1, ε under the root", () => {
  const { inputs, outputs } = golden.masked_whiten;
  const on = (row: readonly number[], b: number) => row.filter((_, t) => inputs.mask[b]![t] === 1);
  const whitened = whiten(inputs.values.map(on), { ddof: 1, epsilon: 1e-8, form: 'variance' });
  // verl's mean divides by the count + 1e-8
  expectClose(whitened, outputs.whitened.map(on), 1e-7);
});

it('enters ε under the root, beside it, or as the least variance', () => {
  // variance 1 with n, 2 with n − 1
  const rows = [[1], [3]];
  expectClose(whiten(rows, { ddof: 0, epsilon: 3, form: 'variance' }), [-1 / 2, 1 / 2], 1e-12);
  expectClose(whiten(rows, { ddof: 0, epsilon: 3, form: 'deviation' }), [-1 / 4, 1 / 4], 1e-12);
  expectClose(whiten(rows, { ddof: 0, epsilon: 4, form: 'clamp' }), [-1 / 2, 1 / 2], 1e-12);
  expectClose(whiten(rows, { ddof: 0, epsilon: 1e-8, form: 'clamp' }), [-1, 1], 1e-12);
  expectClose(whiten(rows, { ddof: 1, epsilon: 0, form: 'deviation' }), [-Math.SQRT1_2, Math.SQRT1_2], 1e-12);
});

it('gives mean 0 and deviation 1, whatever the unit and the zero', () => {
  const row = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (rows) => {
      fc.pre(new Set(rows.flat()).size > 1);
      const all = whiten(rows, { ddof: 0, epsilon: 0, form: 'deviation' }).flat();
      expectClose(all.reduce((a, b) => a + b) / all.length, 0, 1e-9);
      expectClose(all.reduce((sum, value) => sum + value ** 2, 0) / all.length, 1, 1e-9);
    }),
  );
});

it('gives 0 where all are the same, also without ε, and keeps each row’s length', () => {
  const whitened = whiten([[2, 2], [2], []], { ddof: 1, epsilon: 0, form: 'deviation' });
  expect(whitened).toEqual([[0, 0], [0], []]);
  expect(whiten([[5]], { ddof: 1, epsilon: 1e-8, form: 'variance' })).toEqual([[0]]);
});
