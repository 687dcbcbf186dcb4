import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  binaryKl,
  type ObjectiveOptions,
  objectiveRows,
} from '../../../lib/lessons/headToHead/threeObjectives';

const options = { advantage: 1, clipRange: 0.2, klCoefficient: 0.04, maxKl: 0.02, probability: 0.4 };
const at = (ratio: number, changed: Partial<ObjectiveOptions> = {}) =>
  Object.fromEntries(
    objectiveRows({ ...options, ...changed })
      .filter((row) => row.ratio === ratio)
      .map(({ algorithm, objective }) => [algorithm, objective]),
  );

describe('objectiveRows', () => {
  it('is the advantage for all three at ρ = 1', () => {
    expect(at(1)).toEqual({ TRPO: 1, PPO: 1, GRPO: 1 });
  });

  it('forbids, clips, and clips with a penalty', () => {
    const { TRPO, PPO, GRPO } = at(1.5);
    expect(TRPO).toBeNull();
    // float32
    expect(PPO).toBeCloseTo(1.2, 6);
    expect(GRPO).toBeCloseTo(1.2 - 0.04 * (1 / 1.5 + Math.log(1.5) - 1), 6);
  });

  it('does not clip a bad token that becomes likelier', () => {
    expect(at(1.5, { advantage: -1 }).PPO).toBeCloseTo(-1.5, 6);
    expect(at(0.5, { advantage: -1 }).PPO).toBeCloseTo(-0.8, 6);
  });

  it('refuses a probability that is none', () => {
    expect(() => objectiveRows({ ...options, probability: 1 })).toThrow(
      'probability is 1; expected a number between 0 and 1.',
    );
  });
});

it('has a KL of 0 at ρ = 1 and above elsewhere', () => {
  expect(binaryKl(0.3, 1)).toBe(0);
  fc.assert(
    fc.property(
      fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      fc.double({ min: 0.01, max: 1.04, noNaN: true }),
      (p, ratio) => {
        // float64 beside logarithms of up to 5
        expect(binaryKl(p, ratio)).toBeGreaterThanOrEqual(-1e-15);
      },
    ),
  );
});
