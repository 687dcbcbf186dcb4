import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { valueRegressionLoss } from '../../lib/losses/valueRegression';
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
