import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { crossEntropyLoss } from '../../lib/losses/crossEntropy';
import { expectClose, expectCloseInScale, numericalGradient } from '../close';
import golden from '../golden/estimators.json';

/** Float32 rounds by 6e-8; a logarithm of a sum of five exponentials keeps 1e-6. */
const tolerance = 1e-6;

function evaluate(logits: number[][][], targets: number[][], mask: number[][]) {
  return tf.tidy(() => {
    const [chosen, on] = [tf.tensor2d(targets, undefined, 'int32'), tf.tensor2d(mask)];
    const { value, grad } = tf.valueAndGrad((z) => crossEntropyLoss(z as tf.Tensor3D, chosen, on))(
      tf.tensor3d(logits),
    );
    return { loss: value.dataSync()[0]!, gradient: grad.arraySync() as number[][][] };
  });
}

it("has PyTorch's loss and gradient", () => {
  const { inputs, outputs } = golden.cross_entropy;
  const { loss, gradient } = evaluate(inputs.logits, inputs.targets, inputs.mask);
  expectCloseInScale(loss, outputs.loss, tolerance);
  expectCloseInScale(gradient, outputs.gradient, tolerance);
});

it('is log A where all actions are alike, and 0 where the target is certain', () => {
  const alike = [0, 0, 0, 0, 0];
  expectClose(evaluate([[alike, alike]], [[1, 3]], [[1, 1]]).loss, Math.log(5), tolerance);
  const sure = [0, 100, 0, 0, 0];
  expect(evaluate([[sure, sure]], [[1, 1]], [[1, 1]]).loss).toBe(0);
});

it('has the gradient of its central differences', () => {
  const at = (z: readonly number[]) =>
    evaluate([[[...z.slice(0, 3)], [...z.slice(3)]]], [[2, 0]], [[1, 1]]).loss;
  const z = [0.3, -0.4, 1.1, -0.9, 0.2, 0.5];
  const { gradient } = evaluate([[z.slice(0, 3), z.slice(3)]], [[2, 0]], [[1, 1]]);
  // 1.5 float32 roundings of a number of size 1 over the step
  expectCloseInScale(gradient, numericalGradient(at, z, 0.05), 1e-5);
});

it('has the gradient (softmax − one-hot)/N on targets that count, and 0 elsewhere', () => {
  const logits = fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(logits, (numbers) => {
      const { gradient } = evaluate([[numbers.slice(0, 3), numbers.slice(3)]], [[2, 0]], [[1, 0]]);
      const weights = numbers.slice(0, 3).map(Math.exp);
      const total = weights.reduce((a, b) => a + b);
      expectClose(
        gradient[0]![0],
        weights.map((w, a) => w / total - (a === 2 ? 1 : 0)),
        tolerance,
      );
      expect(gradient[0]![1]!.every((slope) => slope === 0)).toBe(true);
    }),
    { numRuns: 20 },
  );
});
