import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { clippedValueLoss, valueRegressionLoss } from '../../lib/losses/valueRegression';
import { expectClose, expectCloseInScale, numericalGradient } from '../close';
import estimators from '../golden/estimators.json';
import golden from '../golden/valueRegression.json';

const { inputs, outputs } = golden.value_loss_clipped;
/** Float32 carries 7 digits; a mean of two dozen numbers of size 1 keeps 6. */
const tolerance = 1e-6;

function evaluate(values: readonly number[][], returns: readonly number[][], mask: readonly number[][]) {
  return tf.tidy(() => {
    const [target, on] = [tf.tensor2d(returns as number[][]), tf.tensor2d(mask as number[][])];
    const { value, grad } = tf.valueAndGrad((v) => valueRegressionLoss(v as tf.Tensor2D, target, on))(
      tf.tensor2d(values as number[][]),
    );
    return { loss: value.dataSync()[0]!, gradient: grad.arraySync() as number[][] };
  });
}

it('is twice the golden loss before clipping, which has a factor ½', () => {
  const { loss } = evaluate(inputs.vpred, inputs.returns, inputs.mask);
  expectClose(loss, 2 * outputs.unclipped_loss, tolerance);
});

it('has the gradient 2 (V − G)/n on the response, and 0 elsewhere', () => {
  const { gradient } = evaluate(inputs.vpred, inputs.returns, inputs.mask);
  const tokens = inputs.mask.flat().reduce((a, b) => a + b);
  const expected = inputs.vpred.map((row, b) =>
    row.map((value, t) => (2 * inputs.mask[b]![t]! * (value - inputs.returns[b]![t]!)) / tokens),
  );
  expectClose(gradient, expected, tolerance);
});

it('has the gradient of its central differences', () => {
  const [returns, mask] = [[[0.5, -1, 2]], [[1, 0, 1]]];
  const values = [0.2, 0.7, -0.4];
  const numerical = numericalGradient((v) => evaluate([[...v]], returns, mask).loss, values, 0.1);
  // exact for a quadratic: what is left is 1.5 float32 roundings of a loss of 3 over the step
  expectClose(evaluate([values], returns, mask).gradient, numerical, 5e-6);
});

it('is 0 where the values are the returns, and takes no notice of what is masked', () => {
  const number = fc.float({ min: -4, max: 4, noNaN: true });
  fc.assert(
    fc.property(fc.tuple(number, number, number), number, ([a, b, c], anything) => {
      expect(evaluate([[a, b, anything]], [[a, b, c]], [[1, 1, 0]]).loss).toBe(0);
    }),
    { numRuns: 25 },
  );
});

describe('clippedValueLoss', () => {
  const evaluateClipped = (
    values: readonly number[][],
    clipRange: number | null,
    form: 'max' | 'clip' = 'max',
    { old_values, returns, mask } = inputs as {
      old_values: number[][];
      returns: number[][];
      mask: number[][];
    },
  ) =>
    tf.tidy(() => {
      const [old, target, on] = [tf.tensor2d(old_values), tf.tensor2d(returns), tf.tensor2d(mask)];
      const { value, grad } = tf.valueAndGrad((v) =>
        clippedValueLoss(v as tf.Tensor2D, old, target, on, { clipRange, form }),
      )(tf.tensor2d(values as number[][]));
      return { loss: value.dataSync()[0]!, gradient: grad.arraySync() as number[][] };
    });

  it("has verl's loss and gradient", () => {
    const { loss, gradient } = evaluateClipped(inputs.vpred, 0.2);
    expectCloseInScale(loss, outputs.loss, tolerance);
    expectCloseInScale(gradient, outputs.dloss_dvpred, tolerance);
  });

  it('without a clip is half the plain regression, or all of it in the form of SB3', () => {
    const plain = evaluate(inputs.vpred, inputs.returns, inputs.mask).loss;
    expectClose(evaluateClipped(inputs.vpred, null).loss, plain / 2, tolerance);
    expectClose(evaluateClipped(inputs.vpred, 1e6).loss, plain / 2, tolerance);
    expectClose(evaluateClipped(inputs.vpred, null, 'clip').loss, plain, tolerance);
  });

  it('in the form of SB3 is the squared error of the cut value', () => {
    const one = { old_values: [[1, 1, 1]], returns: [[2, 2, 0]], mask: [[1, 1, 1]] };
    // 1.5 is cut to 1.2, 1.1 is not, 0.5 is cut to 0.8
    const { loss, gradient } = evaluateClipped([[1.5, 1.1, 0.5]], 0.2, 'clip', one);
    expectClose(loss, (0.8 ** 2 + 0.9 ** 2 + 0.8 ** 2) / 3, tolerance);
    expectClose(gradient, [[0, (-2 * 0.9) / 3, 0]], tolerance);
  });

  it("in the form of SB3 has SB3's loss and gradient", () => {
    const { inputs: one, outputs: told, params } = estimators.value_loss_of_the_cut;
    const rows = { old_values: [one.old_values], returns: [one.returns], mask: [one.returns.map(() => 1)] };
    const { loss, gradient } = evaluateClipped([one.values], params.clip, 'clip', rows);
    expectCloseInScale(loss, told.loss, tolerance);
    expectCloseInScale(gradient, told.gradient, tolerance);
  });

  it.each(['max', 'clip'] as const)('has the gradient of its central differences (%s)', (form) => {
    // no value is within a step of a bound: cut, free, masked
    const one = { old_values: [[0.1, 0.5, -0.3, 0]], returns: [[0.5, -1, 2, 1]], mask: [[1, 1, 1, 0]] };
    const values = [0.2, 1.2, -0.4, 7];
    const at = (v: readonly number[]) => evaluateClipped([[...v]], 0.2, form, one).loss;
    const numerical = numericalGradient(at, values, 0.02);
    // exact for a quadratic: what is left is 1.5 float32 roundings of a loss of 4 over the step
    expectClose(evaluateClipped([values], 0.2, form, one).gradient, numerical, 3e-5);
  });

  it('is never below half the plain loss, and is it where no value has moved further than the clip', () => {
    const number = fc.float({ min: -4, max: 4, noNaN: true });
    const move = fc.float({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(
        fc.tuple(number, number),
        fc.tuple(move, move),
        fc.tuple(number, number),
        (old, by, returns) => {
          const one = { old_values: [old], returns: [returns], mask: [[1, 1]] };
          const moved = old.map((value, t) => Math.fround(value + by[t]!));
          const plain = evaluate([moved], one.returns, one.mask).loss / 2;
          // below float32's smallest normal number a half is no longer told apart
          expect(evaluateClipped([moved], 0.5, 'max', one).loss).toBeGreaterThanOrEqual(
            plain * (1 - tolerance) - 2 ** -126,
          );
          expectClose(evaluateClipped([moved], 2.5, 'max', one).loss, plain, tolerance);
        },
      ),
      { numRuns: 25 },
    );
  });
});
