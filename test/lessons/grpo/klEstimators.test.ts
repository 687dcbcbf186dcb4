import { expect, it } from 'vitest';
import {
  flipped,
  klGradientErrors,
  klGradientRows,
  klValueRows,
} from '../../../lib/lessons/grpo/klEstimators';
import { seededRandom } from '../../../lib/math/random';

const rows = klValueRows([0.5, 3], 4000, seededRandom(1));
const of = (estimator: string) => rows.filter((row) => row.estimator === estimator);

it('finds k1 and k3 unbiased, k2 biased, and each mean within its error of what it tends to', () => {
  for (const { bias } of [...of('k1'), ...of('k3')]) expect(Math.abs(bias)).toBeLessThan(1e-6);
  for (const { bias } of of('k2')) expect(Math.abs(bias)).toBeGreaterThan(1e-4);
  for (const row of rows)
    expect(Math.abs(row.mean - row.exact - row.bias)).toBeLessThan(4 * row.standard_error);
});

it('has k3 below the noise of k1 near the reference and above it far away', () => {
  const noise = (estimator: string) => of(estimator).map((row) => row.standard_deviation);
  expect(noise('k3')[0]).toBeLessThan(noise('k1')[0]!);
  expect(noise('k3')[1]).toBeGreaterThan(noise('k1')[1]!);
  expect(of('k1').every(({ least }) => least < 0)).toBe(true);
  expect([...of('k2'), ...of('k3')].every(({ least }) => least >= 0)).toBe(true);
});

it('tells the flipped k3 by its mean, χ² − KL', () => {
  // by the definition, with the probabilities of the reference
  const q = [0.05, 0.4, 0.3, 0.15, 0.08, 0.02];
  const raised = q.map((value, a) => (a === 1 ? value * Math.exp(3) : value));
  const sum = raised.reduce((total, value) => total + value);
  const p = raised.map((value) => value / sum);
  const chiSquare = p.reduce((total, value, a) => total + value ** 2 / q[a]!, 0) - 1;
  const [, far] = of(flipped);
  expect(far!.bias + far!.exact).toBeCloseTo(chiSquare - far!.exact, 5);
});

it('finds no gradient in k1, that of KL(π‖ref) in k2 and in k3 times the ratio, that of KL(ref‖π) in k3', () => {
  for (const { term, norm, error_to_kl, error_to_reverse_kl } of klGradientErrors([0.5, 3])) {
    if (term === 'k1') expect(norm).toBeLessThan(1e-6);
    if (term === 'k2' || term === 'k3 · ρ') expect(error_to_kl).toBeLessThan(1e-5);
    if (term === 'k3') expect(error_to_reverse_kl).toBeLessThan(1e-5);
  }
  const sums = new Map<string, number>();
  for (const { term, gradient } of klGradientRows(2)) sums.set(term, (sums.get(term) ?? 0) + gradient);
  for (const sum of sums.values()) expect(sum).toBeCloseTo(0, 6);
});
