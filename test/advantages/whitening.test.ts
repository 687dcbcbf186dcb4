import fc from 'fast-check';
import { expect, it } from 'vitest';
import { whiten } from '../../lib/advantages/whitening';
import { expectClose } from '../close';
import estimators from '../golden/estimators.json';
import golden from '../golden/whitening.json';

it("has verl's numbers: mean and variance over all tokens, n − 1, ε under the root", () => {
  const { inputs, outputs } = golden.masked_whiten;
  const on = (row: readonly number[], b: number) => row.filter((_, t) => inputs.mask[b]![t] === 1);
  const whitened = whiten(inputs.values.map(on), { ddof: 1, epsilon: 1e-8, form: 'variance' });
  // verl's mean divides by the count + 1e-8
  expectClose(whitened, outputs.whitened.map(on), 1e-7);
});

it.each([
  ['stable_baselines3', { ddof: 1, form: 'deviation' }],
  ['open_rlhf', { ddof: 0, form: 'clamp' }],
] as const)("has %s's numbers", (peer, options) => {
  const { inputs, outputs, params } = estimators.whitening;
  // float64 on both sides: a sum of nine numbers in another order
  expectClose(whiten([inputs.advantages], { ...params, ...options }), [outputs[peer]], 1e-14);
});

it("has Spinning Up's numbers, which adds no ε", () => {
  const { inputs, outputs } = estimators.whitening;
  const whitened = whiten([inputs.advantages], { ddof: 0, epsilon: 0, form: 'deviation' });
  expectClose(whitened, [outputs.spinning_up], 1e-14);
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
      // float64 sums of up to 20 numbers
      expectClose(all.reduce((a, b) => a + b) / all.length, 0, 1e-13);
      expectClose(all.reduce((sum, value) => sum + value ** 2, 0) / all.length, 1, 1e-13);
      const moved = rows.map((values) => values.map((value) => 7 * value - 300));
      expectClose(whiten(moved, { ddof: 0, epsilon: 0, form: 'deviation' }).flat(), all, 1e-13);
    }),
  );
});

it('gives 0 where all are the same, also without ε, and keeps each row’s length', () => {
  // the mean of three times 0.1 is 0.10000000000000002
  for (const form of ['variance', 'deviation', 'clamp'] as const) {
    expect(whiten([[0.1, 0.1], [0.1]], { ddof: 0, epsilon: 0, form })).toEqual([[0, 0], [0]]);
  }
  const whitened = whiten([[2, 2], [2], []], { ddof: 1, epsilon: 0, form: 'deviation' });
  expect(whitened).toEqual([[0, 0], [0], []]);
  expect(whiten([[5]], { ddof: 1, epsilon: 1e-8, form: 'variance' })).toEqual([[0]]);
});
