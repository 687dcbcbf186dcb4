import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import type { RatioLevel } from '../../lib/losses/importanceRatio';
import { ratioDiagnostics } from '../../lib/losses/ratioDiagnostics';
import { expectClose } from '../close';
import golden from '../golden/estimators.json';

/** Float32 carries 7 digits; a mean of four numbers keeps 6. */
const tolerance = 1e-6;

function diagnose(
  ratios: readonly number[],
  advantages: readonly number[],
  mask: readonly number[],
  level: RatioLevel = 'token',
) {
  return tf.tidy(() => {
    const row = (numbers: readonly number[]) => tf.tensor2d([[...numbers]]);
    const told = ratioDiagnostics(
      row(ratios.map(Math.log)),
      tf.zeros([1, ratios.length]),
      row(advantages),
      row(mask),
      { clipLow: 0.2, clipHigh: 0.3, ratio: level },
    );
    return Object.fromEntries(Object.entries(told).map(([name, value]) => [name, value.dataSync()[0]!]));
  });
}

it('is quiet where the policy is still the old one', () => {
  const told = diagnose([1, 1, 1], [1, -1, 2], [1, 1, 1]);
  expect(told).toEqual({
    approx_kl: 0,
    approx_kl_k1: 0,
    clip_fraction: 0,
    clip_fraction_low: 0,
    clip_fraction_high: 0,
    ratio_mean: 1,
    ratio_min: 1,
    ratio_max: 1,
  });
});

it('counts only what the clip takes a gradient from, and nothing that is masked', () => {
  // too low with Â < 0: clipped. Too low with Â > 0: free. Too high with Â > 0: clipped. Within. Masked.
  const ratios = [0.7, 0.7, 1.5, 1.25, 9];
  const told = diagnose(ratios, [-1, 1, 1, 1, 1], [1, 1, 1, 1, 0]);
  expectClose(told.clip_fraction_low, 1 / 4, tolerance);
  expectClose(told.clip_fraction_high, 1 / 4, tolerance);
  expectClose(told.clip_fraction, 1 / 2, tolerance);
  const counted = ratios.slice(0, 4);
  const mean = (f: (ratio: number) => number) => counted.reduce((sum, ratio) => sum + f(ratio), 0) / 4;
  expectClose(
    told.ratio_mean,
    mean((ratio) => ratio),
    tolerance,
  );
  expectClose(told.ratio_min, 0.7, tolerance);
  expectClose(told.ratio_max, 1.5, tolerance);
  // SB3: mean((ρ − 1) − log ρ); Spinning Up: mean(log π_old − log π)
  expectClose(
    told.approx_kl,
    mean((ratio) => ratio - 1 - Math.log(ratio)),
    tolerance,
  );
  expectClose(
    told.approx_kl_k1,
    mean((ratio) => -Math.log(ratio)),
    tolerance,
  );
});

it("has verl's clip fraction and its approximate KL", () => {
  const { inputs, outputs } = golden.dual_clip;
  const ratios = inputs.log_probs.flat().map(Math.exp);
  const told = diagnose(
    ratios,
    inputs.advantages.flat(),
    ratios.map(() => 1),
  );
  expectClose(told.clip_fraction, outputs.clip_fraction, tolerance);
  expectClose(told.approx_kl_k1, outputs.approx_kl_k1, tolerance);
});

it('counts a response’s tokens by its own ratio where that is what is clipped (GSPO)', () => {
  // a geometric mean of 1.1, within the clip; a product of 1.21, within it too; one token alone is beyond
  const ratios = [1.1 * 1.5, 1.1 / 1.5];
  const all = [1, 1];
  expectClose(diagnose(ratios, all, all).clip_fraction, 1 / 2, tolerance);
  const ofResponse = diagnose(ratios, all, all, 'sequence');
  expect(ofResponse.clip_fraction).toBe(0);
  expectClose([ofResponse.ratio_min, ofResponse.ratio_max], [1.1, 1.1], tolerance);
  const ofProduct = diagnose([2, 1.1], all, all, 'sequence-sum');
  expect(ofProduct.clip_fraction_high).toBe(1);
  expectClose(ofProduct.ratio_mean, 2.2, tolerance);
  // the estimates of the KL are of tokens at any level
  expect(ofResponse.approx_kl).toBe(diagnose(ratios, all, all).approx_kl);
});

it('keeps shares between 0 and 1 that add up, the mean between the bounds, and k3 at least 0', () => {
  const ratio = fc.float({ min: Math.fround(0.1), max: 9, noNaN: true });
  const token = fc.tuple(ratio, fc.float({ min: -2, max: 2, noNaN: true }), fc.constantFrom(0, 1));
  fc.assert(
    fc.property(fc.array(token, { minLength: 1, maxLength: 6 }), (tokens) => {
      fc.pre(tokens.some(([, , on]) => on === 1));
      const told = diagnose(
        tokens.map(([rho]) => rho),
        tokens.map(([, advantage]) => advantage),
        tokens.map(([, , on]) => on),
      ) as Record<'clip_fraction' | 'clip_fraction_low' | 'clip_fraction_high' | 'approx_kl', number> &
        Record<'ratio_mean' | 'ratio_min' | 'ratio_max', number>;
      expectClose(told.clip_fraction_low + told.clip_fraction_high, told.clip_fraction, tolerance);
      expect(told.clip_fraction).toBeLessThanOrEqual(1);
      expect(told.approx_kl).toBeGreaterThanOrEqual(0);
      expect(told.ratio_min).toBeLessThanOrEqual(told.ratio_mean * (1 + tolerance));
      expect(told.ratio_mean).toBeLessThanOrEqual(told.ratio_max * (1 + tolerance));
    }),
    { numRuns: 25 },
  );
});
