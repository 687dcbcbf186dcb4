import { expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { ratioDiagnostics } from '../../lib/losses/ratioDiagnostics';
import { expectClose } from '../close';

/** Float32 carries 7 digits; a mean of four numbers keeps 6. */
const tolerance = 1e-6;

function diagnose(ratios: readonly number[], advantages: readonly number[], mask: readonly number[]) {
  return tf.tidy(() => {
    const row = (numbers: readonly number[]) => tf.tensor2d([[...numbers]]);
    const told = ratioDiagnostics(
      row(ratios.map(Math.log)),
      tf.zeros([1, ratios.length]),
      row(advantages),
      row(mask),
      { clipLow: 0.2, clipHigh: 0.3 },
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
