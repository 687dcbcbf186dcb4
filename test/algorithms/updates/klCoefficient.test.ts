import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KlCoefficientConfig, nextKlCoefficient } from '../../../lib/algorithms/updates/klCoefficient';
import { expectRelative } from '../../close';
import golden from '../../golden/estimators.json';

const config = (klControl: KlCoefficientConfig['klControl'], klTarget = 0.1, klHorizon = 100) => ({
  klCoefficient: 1,
  klControl,
  klTarget,
  klHorizon,
});

describe('the proportional controller', () => {
  it("follows verl's AdaptiveKLController", () => {
    const { inputs, params, outputs } = golden.adaptive_coefficient;
    let coefficient = params.init_kl_coef;
    const told = inputs.kl.map((kl, step) => {
      const steered = config('proportional', params.target_kl, params.horizon);
      coefficient = nextKlCoefficient(coefficient, kl, inputs.trajectories[step]!, steered);
      return coefficient;
    });
    // float64 on both sides, in the same order
    expectRelative(told, outputs.coefficients, 1e-15);
  });

  it('rises above the target, falls below it, and by a fifth at most where a step is a horizon', () => {
    const kl = fc.double({ min: 0, max: 10, noNaN: true });
    const coefficient = fc.double({ min: 1e-3, max: 10, noNaN: true });
    fc.assert(
      fc.property(coefficient, kl, fc.integer({ min: 1, max: 100 }), (beta, measured, trajectories) => {
        const next = nextKlCoefficient(beta, measured, trajectories, config('proportional', 1));
        expect(Math.sign(next - beta)).toBe(Math.sign(measured - 1));
        expect(Math.abs(next / beta - 1)).toBeLessThanOrEqual(0.2 + 1e-12);
      }),
    );
    expect(nextKlCoefficient(1, 9, 100, config('proportional'))).toBeCloseTo(1.2, 15);
    expect(nextKlCoefficient(1, 0, 100, config('proportional'))).toBeCloseTo(0.8, 15);
    // 5 % above the target
    expect(nextKlCoefficient(2, 0.105, 50, config('proportional'))).toBeCloseTo(2 * 1.025, 14);
  });
});

it('doubles above one and a half times the target, and halves below two thirds of it (PPO, section 4)', () => {
  const next = (kl: number) => nextKlCoefficient(3, kl, 8, config('doubling', 0.2));
  expect([0, 0.13, 0.14, 0.2, 0.29, 0.31, 5].map(next)).toEqual([1.5, 1.5, 3, 3, 3, 6, 6]);
  // on an edge itself, where float64 holds it exactly, nothing changes
  const edge = (kl: number) => nextKlCoefficient(3, kl, 8, config('doubling', 3));
  expect([2, 4.5].map(edge)).toEqual([3, 3]);
});

it('stays where it is fixed', () => {
  const kl = fc.double({ min: 0, max: 100, noNaN: true });
  fc.assert(fc.property(kl, (measured) => nextKlCoefficient(0.05, measured, 8, config('fixed')) === 0.05));
});
