import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { type Aggregation, aggregate } from '../../lib/losses/aggregation';
import { expectClose, expectCloseInScale, numericalGradient } from '../close';
import golden from '../golden/aggregation.json';

/** Float32 carries 7 digits; a sum of six dozen numbers of size 1 keeps 6. verl adds 1e-8 to each token count. */
const tolerance = 1e-6;

const all: readonly Aggregation[] = [
  'token-mean',
  'seq-mean-token-mean',
  'seq-mean-token-sum',
  'seq-mean-token-sum-norm',
  'token-sum',
];

const loss = (values: number[][], mask: number[][], aggregation: Aggregation, maxLength?: number) =>
  tf.tidy(
    () => aggregate(tf.tensor2d(values), tf.tensor2d(mask), aggregation, maxLength).dataSync()[0] as number,
  );

describe.each(all)('%s', (aggregation) => {
  const { values, mask, mask_with_empty_sequence } = golden.inputs;
  const { outputs } = golden[`agg_${aggregation}`];

  it("is verl's, also where a response has no token", () => {
    expectCloseInScale(loss(values, mask, aggregation), outputs.loss, tolerance);
    expectCloseInScale(
      loss(values, mask_with_empty_sequence, aggregation),
      outputs.loss_with_empty_sequence,
      tolerance,
    );
  });

  it('takes no notice of what is masked, be it not a number', () => {
    const poisoned = values.map((row, b) => row.map((value, t) => (mask[b]![t] ? value : Number.NaN)));
    expectClose(loss(poisoned, mask, aggregation), outputs.loss, tolerance);
  });

  it('is 0 without any token', () => {
    expect(loss([[1, 2]], [[0, 0]], aggregation)).toBe(0);
  });

  it('has the gradient of its central differences', () => {
    const rows = (x: readonly number[]) => [x.slice(0, 3), x.slice(3)];
    const on = [
      [1, 1, 0],
      [1, 0, 0],
    ];
    const x = [0.3, -0.7, 5, 1.1, 2, -3];
    const gradient = tf.tidy(() => {
      const m = tf.tensor2d(on);
      return tf
        .grad((v) => aggregate(v as tf.Tensor2D, m, aggregation))(tf.tensor2d(rows(x)))
        .arraySync() as number[][];
    });
    const numerical = numericalGradient((v) => loss(rows(v), on, aggregation), x, 1);
    // exact for what is linear: what is left is 1.5 float32 roundings of a sum of 3
    expectClose(gradient, numerical, tolerance);
    expect(gradient.flat().filter((weight) => weight === 0)).toHaveLength(3);
  });
});

it('is the same number by every mean where all responses are of one length', () => {
  const value = fc.float({ min: -4, max: 4, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 5 }), (rows) => {
      const mask = rows.map(() => [1, 1, 1]);
      const mean = loss(rows, mask, 'token-mean');
      expectClose(loss(rows, mask, 'seq-mean-token-mean'), mean, tolerance);
      expectClose(loss(rows, mask, 'seq-mean-token-sum-norm'), mean, tolerance);
      expectClose(loss(rows, mask, 'seq-mean-token-sum') / 3, mean, tolerance);
    }),
    { numRuns: 25 },
  );
});

it('weighs tokens alike or responses alike: what the length of a response does', () => {
  const [values, mask] = [
    [
      [1, 0, 0, 0],
      [2, 2, 2, 2],
    ],
    [
      [1, 0, 0, 0],
      [1, 1, 1, 1],
    ],
  ];
  expectClose(loss(values, mask, 'token-mean'), 9 / 5, tolerance);
  expectClose(loss(values, mask, 'seq-mean-token-mean'), 3 / 2, tolerance);
  expectClose(loss(values, mask, 'seq-mean-token-sum-norm', 10), 9 / 20, tolerance);
});
