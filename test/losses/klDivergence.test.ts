import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { estimateKl, exactKl, type KlClamp, type KlEstimator } from '../../lib/losses/klDivergence';
import { seededRandom } from '../../lib/math/random';
import { expectClose, expectRelative, numericalGradient } from '../close';
import estimators from '../golden/estimators.json';
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
    // 1.5 float32 roundings of a sum of size 5 over the step
    expectClose(gradient, numerical, 3e-5);
  });
});

describe('k3', () => {
  /** In float64: d²/2 − d³/6 + … below 1e-3, where the fifth term is 1e-17 of it, and there the sum itself cancels. */
  const exactly = (d: number) =>
    Math.abs(d) < 1e-3
      ? d ** 2 * (1 / 2 - d * (1 / 6 - d * (1 / 24 - d * (1 / 120 - d / 720))))
      : Math.expm1(-d) + d;

  it('keeps six digits, also near 0, where e^(−d) − 1 + d would lose them all', () => {
    // on either side of 1/8, too, where one form gives way to the other
    const sizes = [1e-15, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.124, 0.126, 0.13, 0.2, 0.5, 1, 5, 20];
    const differences = sizes.flatMap((d) => [-d, d]).map(Math.fround);
    const { kl, gradient } = evaluate(differences, 'k3');
    // a dozen roundings of 6e-8, and at 1/8 a sum that cancels 4 bits: 2 · 6e-8 · 16
    expectRelative(kl, differences.map(exactly), 2e-6);
    // expm1 alone
    expectRelative(
      gradient,
      differences.map((d) => -Math.expm1(-d)),
      3e-7,
    );
    expect(evaluate([0], 'k3').kl[0]).toBe(0);
  });

  it('is infinite without bounds below d = −89, its gradient too', () => {
    const { kl, gradient } = evaluate([-89, 89], 'k3');
    expect(kl[0]).toBe(Number.POSITIVE_INFINITY);
    expect(gradient[0]).toBe(Number.NEGATIVE_INFINITY);
    expectClose([kl[1], gradient[1]], [88, 1], tolerance);
    expect(evaluate([-88], 'k3').kl[0]).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  it.each(['k3', 'k3+'] as const)("of the kind %s is verl's within its bounds and beyond", (estimator) => {
    const { inputs, outputs, params } = estimators[estimator];
    const bounds = { logRatio: params.log_ratio, estimate: params.estimate };
    const { kl, gradient } = evaluate(inputs.log_ratios, estimator, bounds);
    expectClose(kl, outputs.kl, tolerance);
    expectClose(gradient, outputs.gradient, tolerance);
    expect(kl.filter((value) => value === params.estimate)).toHaveLength(4);
  });

  it('is never negative', () => {
    fc.assert(
      fc.property(fc.float({ min: -80, max: 80, noNaN: true }), (d) => {
        for (const bounds of [null, clamp]) {
          expect(evaluate([d, d / 1000], 'k3', bounds).kl.every((kl) => kl >= 0)).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("with '+' has its own value and k2's gradient", () => {
    const differences = [-1.2, 0, 0.3, 2];
    const { kl, gradient } = evaluate(differences, 'k3+');
    expect(kl).toEqual(evaluate(differences, 'k3').kl);
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
    // 1.5 float32 roundings of a number of size 0.5 over the step
    expectClose(gradient, numericalGradient(at, logits, 0.05), 3e-6);
  });

  /** In float64, from logits that float32 holds exactly. */
  function exactly(p: readonly number[], q: readonly number[]): number {
    const logs = (z: readonly number[]) => {
      const total = Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0));
      return z.map((value) => value - total);
    };
    const [logP, logQ] = [logs(p), logs(q)];
    return logP.reduce((sum, value, a) => sum + Math.exp(value) * (value - logQ[a]!), 0);
  }
  const divergence = (p: readonly number[], q: readonly number[]) =>
    tf.tidy(() => exactKl(tf.tensor3d([[[...p]]]), tf.tensor3d([[[...q]]])).dataSync()[0]!);
  const logit = fc.float({ min: -8, max: 8, noNaN: true });
  const logits = fc.array(logit, { minLength: 5, maxLength: 5 });

  it('keeps its digits where the distributions are close, as a trust region needs them', () => {
    fc.assert(
      fc.property(logits, logits, fc.constantFrom(1e-3, 1e-2, 0.1), (p, direction, size) => {
        const q = p.map((value, a) => Math.fround(value + size * direction[a]!));
        const expected = exactly(p, q);
        // log-probs of size 16 are rounded by 1e-6, of which a squared difference takes up to 8 · size in nats
        expect(Math.abs(divergence(p, q) - expected)).toBeLessThan(1e-5 * size + 1e-6 * expected);
      }),
      { numRuns: 50 },
    );
    // the sum of p (log p − log q) gives 4.7e-8 here
    const [p, q] = [
      [0.3, -1.2, 2.1, 0.7],
      [0.301, -1.202, 2.1005, 0.701],
    ].map((z) => z.map(Math.fround));
    expect(Math.abs(divergence(p!, q!) / exactly(p!, q!) - 1)).toBeLessThan(1e-3);
  });

  it('is never negative, and exactly 0 of a distribution from itself', () => {
    fc.assert(
      fc.property(logits, logits, fc.constantFrom(0, 1e-6, 1e-3, 1, 20), (p, direction, size) => {
        const q = p.map((value, a) => Math.fround(value + size * direction[a]!));
        expect(divergence(p, q)).toBeGreaterThanOrEqual(0);
        expect(divergence(p, p)).toBe(0);
        if (size === 20) expectClose(divergence(p, q), exactly(p, q), 1e-5);
      }),
      { numRuns: 50 },
    );
  });

  it('takes an action that only q can take for q, and is infinite for one that only p can', () => {
    const never = Number.NEGATIVE_INFINITY;
    expectClose(divergence([0, 0, never], [0, 0, 0]), Math.log(3 / 2), tolerance);
    expectClose(divergence([1, 2, never], [0, 0, never]), divergence([1, 2], [0, 0]), tolerance);
    expect(divergence([0, 0, 0], [0, 0, never])).toBe(Number.POSITIVE_INFINITY);
    // an action whose probability underflows
    expectClose(divergence([0, -200], [0, 200]), 200, tolerance);
    tf.tidy(() => {
      const q = tf.tensor3d([[[0, 0.5, 0.25]]]);
      const p = tf.tensor3d([[[1, 2, never]]]);
      const [byP, byQ] = tf.grads((one, other) => exactKl(one as tf.Tensor3D, other as tf.Tensor3D).sum())([
        p,
        q,
      ]);
      expect(Array.from(byP!.dataSync()).every(Number.isFinite)).toBe(true);
      const difference = tf.softmax(q).sub(tf.softmax(p)).dataSync();
      expectClose(Array.from(byQ!.dataSync()), Array.from(difference), tolerance);
    });
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

describe('over all actions, each with its probability under π', () => {
  const number = fc.float({ min: -3, max: 3, noNaN: true });
  const logits = fc.array(number, { minLength: 4, maxLength: 4 });

  /** Σ_a π_a of an estimate, and of its gradient by the logits of π. */
  const expectation = (p: readonly number[], q: readonly number[], estimator: KlEstimator) =>
    valueAndGradient(p, (z) => {
      const probabilities = tf.softmax(tf.tensor2d([[...p]]));
      const reference = tf.logSoftmax(tf.tensor2d([[...q]]));
      return estimateKl(tf.logSoftmax(z), reference, estimator).mul(probabilities).sum();
    });
  const exact = (p: readonly number[], q: readonly number[]) =>
    valueAndGradient(p, (z) => exactKl(z.expandDims(0), tf.tensor3d([[[...q]]])).sum());

  function valueAndGradient(x: readonly number[], f: (x: tf.Tensor2D) => tf.Tensor) {
    const [value, ...gradient] = tf.tidy(() => {
      const told = tf.valueAndGrad((z) => f(z as tf.Tensor2D))(tf.tensor2d([[...x]]));
      return tf.concat([told.value.flatten(), told.grad.flatten()]).arraySync() as number[];
    });
    return { value, gradient };
  }
  /** Float32 sums of four numbers of up to e^6 times a probability. */
  const tolerance = 1e-5;

  it('k1 and k3 are unbiased, and k2 and k3+ have the gradient of the KL', () => {
    fc.assert(
      fc.property(logits, logits, (p, q) => {
        for (const estimator of ['k1', 'k3', 'k3+'] as const) {
          expectClose(expectation(p, q, estimator).value, exact(p, q).value, tolerance);
        }
        for (const estimator of ['k2', 'k3+'] as const) {
          expectClose(expectation(p, q, estimator).gradient, exact(p, q).gradient, tolerance);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('k1 has the gradient 0, and k3 that of the KL the other way round', () => {
    fc.assert(
      fc.property(logits, logits, (p, q) => {
        expectClose(expectation(p, q, 'k1').gradient, [0, 0, 0, 0], tolerance);
        const softmax = (z: readonly number[]) => {
          const weights = z.map(Math.exp);
          const total = weights.reduce((a, b) => a + b);
          return weights.map((weight) => weight / total);
        };
        const [mine, theirs] = [softmax(p), softmax(q)];
        // ∇KL(π_ref‖π) by the logits is π − π_ref
        expectClose(
          expectation(p, q, 'k3').gradient,
          mine.map((value, a) => value - theirs[a]!),
          tolerance,
        );
      }),
      { numRuns: 25 },
    );
  });
});
