import { describe, expect, it } from 'vitest';
import { gaeErrors, stateValue } from '../../../lib/lessons/valueModel/gaeErrors';
import { seededRandom } from '../../../lib/math/random';

const response = (text: string, probability: number, reward: number) => ({
  tokens: text.split(' '),
  probability,
  reward,
});
const answers = [response('a b', 0.5, 1), response('a c', 0.25, 0), response('d', 0.25, 0.4)];
const lambdas = [0, 0.5, 1];
const errors = (criticError: number, sampled?: number) =>
  gaeErrors([answers], { discount: 0.9, lambdas, criticError, sampled }, seededRandom(2));

it('knows what to expect before each token', () => {
  expect(stateValue(['a'], answers, 0.9)).toBeCloseTo(2 / 3, 12);
  expect(stateValue([], answers, 0.9)).toBeCloseTo(0.75 * 0.9 * (2 / 3) + 0.25 * 0.4, 12);
  expect(() => stateValue(['d'], answers, 0.9)).toThrow('no response goes on after "d"');
});

describe('the errors of generalized advantage estimates', () => {
  it('are the chance of what follows alone where the critic is exact, worked by hand', () => {
    const rows = errors(0);
    // at "a" the return is 0.9 or 0 with 2/3 and 1/3: variance 0.81 · 2/9, and "a" is 0.75 of 1.75 tokens
    const variance = (0.75 / 1.75) * 0.81 * (2 / 9);
    rows.forEach(({ bias_squared, variance: found }, i) => {
      expect(bias_squared).toBeCloseTo(0, 12);
      expect(found).toBeCloseTo(lambdas[i]! ** 2 * variance, 12);
    });
  });

  it('have no variance at λ = 0 and no bias at λ = 1, whatever the critic', () => {
    const [zero, half, one] = errors(0.3);
    expect(zero!.variance).toBe(0);
    expect(one!.bias_squared).toBe(0);
    expect(zero!.bias_squared).toBeGreaterThan(half!.bias_squared);
    expect(half!.mean_squared_error).toBeCloseTo(half!.bias_squared + half!.variance, 12);
  });

  it('are found again in a sample', () => {
    const [exact, sampled] = [errors(0.3), errors(0.3, 20_000)];
    exact.forEach((row, i) => {
      // a share of 0.5 in 20,000 is known to 0.0035
      expect(Math.abs(sampled[i]!.bias_squared - row.bias_squared)).toBeLessThan(0.003);
      expect(Math.abs(sampled[i]!.variance - row.variance)).toBeLessThan(0.003);
    });
  });
});
