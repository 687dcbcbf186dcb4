import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Choice,
  choiceGradient,
  choiceValue,
  gradientTerms,
  sampledGradients,
  sampleVariance,
} from '../../../lib/lessons/policyGradient/expectedGradient';
import { seededRandom } from '../../../lib/math/random';

const choice: Choice = { actions: ['4', '5', 'four'], probabilities: [0.5, 0.3, 0.2], rewards: [1, 0, 0.5] };

it('has the gradient π (r − V), by hand', () => {
  expect(choiceValue(choice)).toBeCloseTo(0.6, 15);
  const expected = [0.5 * 0.4, 0.3 * -0.6, 0.2 * -0.1];
  choiceGradient(choice).forEach((value, a) => {
    expect(value).toBeCloseTo(expected[a]!, 15);
  });
});

it('has terms that sum to the gradient, whatever the baseline', () => {
  fc.assert(
    fc.property(fc.double({ min: -10, max: 10, noNaN: true }), (baseline) => {
      const terms = gradientTerms(choice, baseline);
      choice.actions.forEach((action, i) => {
        const sum = terms.reduce((total, term) => total + term[`by_${action}`]!, 0);
        expect(sum).toBeCloseTo(choiceGradient(choice)[i]!, 12);
      });
    }),
  );
});

describe('sampledGradients', () => {
  it('come closer with the root of the number of samples', () => {
    const rows = sampledGradients(choice, 0.6, [100, 10_000], seededRandom(1));
    expect(rows.map(({ samples }) => samples)).toEqual([100, 10_000]);
    for (const { error, expected_error } of rows) expect(error).toBeLessThan(3 * expected_error);
    expect(rows[0]!.expected_error / rows[1]!.expected_error).toBeCloseTo(10, 12);
  });

  it('vary less around the value than around nothing', () => {
    expect(sampleVariance(choice, 0.6)).toBeLessThan(sampleVariance(choice, 0));
  });
});

it('refuses probabilities that are none', () => {
  expect(() => choiceValue({ ...choice, probabilities: [0.5, 0.3, 0.3] })).toThrow(
    'probabilities that sum to 1',
  );
});
