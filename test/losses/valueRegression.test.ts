import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { clippedValueLoss, valueRegressionLoss } from '../../lib/losses/valueRegression';
import { expectClose, numericalGradient } from '../close';
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
  // exact for a quadratic: what is left is float32 rounding, 1e-6 over the step
  expectClose(evaluate([values], returns, mask).gradient, numerical, 1e-4);
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
    expectClose(loss, outputs.loss, tolerance);
    expectClose(gradient, outputs.dloss_dvpred, tolerance);
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

  it('has the gradient of its central differences', () => {
    const one = { old_values: [[0.1, 0.5, -0.3]], returns: [[0.5, -1, 2]], mask: [[1, 0, 1]] };
    const values = [0.2, 0.7, -0.4];
    const numerical = numericalGradient((v) => evaluateClipped([[...v]], 0.2, 'max', one).loss, values, 0.05);
    // exact for a quadratic: what is left is float32 rounding, 1e-7 over the step
    expectClose(evaluateClipped([values], 0.2, 'max', one).gradient, numerical, 1e-4);
  });
});
