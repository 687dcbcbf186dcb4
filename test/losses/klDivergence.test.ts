import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { estimateKl, exactKl, type KlClamp, type KlEstimator } from '../../lib/losses/klDivergence';
import { seededRandom } from '../../lib/math/random';
import { expectClose, numericalGradient } from '../close';
import golden from '../golden/klDivergence.json';

/** Float32 carries 7 digits; an exponential and a difference keep 6. */
const tolerance = 1e-6;
/** verl's bounds. */
const clamp = { logRatio: 20, estimate: 10 };

/** Estimates from log-ratios d, and their gradients by log π. */
function evaluate(differences: readonly number[], estimator: KlEstimator, bounds: KlClamp | null = null) {
  return tf.tidy(() => {
    const row = tf.tensor2d([[...differences]]);
    const { value, grad } = tf.valueAndGrad((x) =>
      estimateKl(x as tf.Tensor2D, tf.zerosLike(row), estimator, bounds),
    )(row);
    return { kl: (value.arraySync() as number[][])[0]!, gradient: (grad.arraySync() as number[][])[0]! };
  });
}

describe.each(['k1', 'k2', 'k3'] as const)('%s', (estimator) => {
  const { inputs, outputs } = golden[`kl_${estimator}`];

  it("has verl's values and gradients, with and without its bounds", () => {
    const differences = inputs.logprobs.flatMap((row, b) =>
      row.map((value, t) => value - inputs.ref_logprobs[b]![t]!),
    );
    for (const bounds of [null, clamp]) {
      const { kl, gradient } = evaluate(differences, estimator, bounds);
      expectClose(kl, outputs.kl.flat(), tolerance);
      expectClose(gradient, outputs.dkl_dlogprob.flat(), tolerance);
    }
  });

  it('has the gradient of its central differences', () => {
    const differences = [-1.2, -0.1, 0, 0.3, 2];
    const { gradient } = evaluate(differences, estimator);
    const numerical = numericalGradient(
      (d) => evaluate(d, estimator).kl.reduce((a, b) => a + b),
      differences,
      0.02,
    );
    // step²/6 times a third derivative of up to e^1.2, plus float32 rounding 1e-7 over the step
    expectClose(gradient, numerical, 1e-3);
  });
});

describe('k3', () => {
  it('keeps its digits near 0, where e^(−d) − 1 + d would lose them all', () => {
    const [small] = evaluate([1e-3], 'k3').kl;
    // the series d²/2 − d³/6; 1e-3 in float32 is known to 6e-8 of itself, and the sum cancels three digits of expm1
    expect(Math.abs(small! / (0.5e-6 - 1e-9 / 6) - 1)).toBeLessThan(1e-3);
    expect(evaluate([0], 'k3').kl[0]).toBe(0);
  });

  it('overflows without bounds and is bounded with them, also in its gradient', () => {
    expect(evaluate([-100], 'k3').kl[0]).toBe(Number.POSITIVE_INFINITY);
    const { kl, gradient } = evaluate([-100, 100], 'k3', clamp);
    expect(kl).toEqual([10, 10]);
    expect(gradient).toEqual([0, 0]);
  });

  it('is never negative', () => {
    fc.assert(
      fc.property(fc.float({ min: -20, max: 20, noNaN: true }), (d) => {
        // float32 rounding of two numbers of size |d|
        expect(evaluate([d], 'k3').kl[0]).toBeGreaterThanOrEqual(-1e-6 * Math.max(1, Math.abs(d)));
      }),
      { numRuns: 50 },
    );
  });

  it("with '+' has its own value and k2's gradient, as verl's k3+", () => {
    const differences = [-1.2, 0, 0.3, 2];
    const { kl, gradient } = evaluate(differences, 'k3+');
    expectClose(kl, evaluate(differences, 'k3').kl, tolerance);
    expectClose(gradient, evaluate(differences, 'k2').gradient, tolerance);
  });
});

describe('exactKl', () => {
  const { inputs, outputs } = golden.kl_exact_categorical;

  it("has PyTorch's values and gradients", () => {
    tf.tidy(() => {
      const [p, q] = [tf.tensor3d(inputs.logits_p), tf.tensor3d(inputs.logits_q)];
      expectClose(exactKl(p, q).arraySync(), outputs.kl, tolerance);
      const mask = tf.tensor2d(inputs.mask);
      const gradient = tf.grad((x) =>
        exactKl(x as tf.Tensor3D, q)
          .mul(mask)
          .sum(),
      )(p);
      expectClose(gradient.arraySync(), outputs.dsum_masked_dlogits_p, tolerance);
    });
  });

  it('has the gradient of its central differences by either distribution', () => {
    const logits = [0.3, -0.4, 1.1, -0.9, 0.2, 0.5];
    const at = (x: readonly number[]) =>
      tf.tidy(
        () => exactKl(tf.tensor3d([[x.slice(0, 3)]]), tf.tensor3d([[x.slice(3)]])).dataSync()[0] as number,
      );
    const gradient = tf.tidy(() =>
      tf
        .grads((p, q) => exactKl(p as tf.Tensor3D, q as tf.Tensor3D).sum())([
          tf.tensor3d([[logits.slice(0, 3)]]),
          tf.tensor3d([[logits.slice(3)]]),
        ])
        .flatMap((part) => Array.from(part.dataSync())),
    );
    expectClose(gradient, numericalGradient(at, logits, 0.02), 1e-3);
  });
});

it('the means of k1 and k3 over samples of π come to the exact KL; that of k2 does not', () => {
  const [p, q] = [
    [0.1, 0.1, 0.8],
    [0.45, 0.45, 0.1],
  ] as const;
  const expectation = (f: (d: number) => number) =>
    p.reduce((sum, value, a) => sum + value * f(Math.log(value / q[a]!)), 0);
  const exact = expectation((d) => d);
  const half = expectation((d) => d ** 2 / 2);
  const random = seededRandom(1);
  const samples = 20_000;
  const differences = Array.from({ length: samples }, () => random.categorical(p)).map((a) =>
    Math.log(p[a]! / q[a]!),
  );
  for (const [estimator, expected] of [
    ['k1', exact],
    ['k3', exact],
    ['k2', half],
  ] as const) {
    const { kl } = evaluate(differences, estimator);
    const mean = kl.reduce((a, b) => a + b) / samples;
    const deviation = Math.sqrt(kl.reduce((sum, value) => sum + (value - mean) ** 2, 0) / samples);
    // four standard errors: one seed in 16,000 is further off
    expect(Math.abs(mean - expected)).toBeLessThan((4 * deviation) / Math.sqrt(samples));
  }
  expect(half - exact).toBeGreaterThan(0.5);
});
