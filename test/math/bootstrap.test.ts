import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BootstrapInterval, bootstrapInterval } from '../../lib/math/bootstrap';
import { interquartileMean } from '../../lib/math/interquartileMean';
import { probabilityOfImprovement } from '../../lib/math/probabilityOfImprovement';
import { seededRandom } from '../../lib/math/random';
import { mean } from '../../lib/math/statistics';
import golden from '../golden/rliable.json';

/**
 * The quantile of 10,000 resamples has the standard error √(0.025 · 0.975 / 10,000) over the density there, which for a
 * normal statistic is 0.7 % of the interval's length, and that of rliable's 50,000 is 0.3 %. Five of both together are
 * 3.8 %. A statistic of few values jumps besides: by a step more.
 */
function expectEnds({ lower, upper }: BootstrapInterval, ends: readonly number[], step: number): void {
  const tolerance = 0.038 * (ends[1]! - ends[0]!) + step;
  expect(Math.abs(lower! - ends[0]!)).toBeLessThanOrEqual(tolerance);
  expect(Math.abs(upper! - ends[1]!)).toBeLessThanOrEqual(tolerance);
}

describe("rliable's intervals", () => {
  const { inputs, outputs } = golden.intervals;
  const [x, y] = [inputs.x[0]!, inputs.y[0]!];

  it('of the mean and the interquartile mean of eight runs', () => {
    // scores have two digits: over eight, and over the middle four
    expectEnds(bootstrapInterval([x], mean, seededRandom(1)), outputs.mean, 0.01 / 8);
    expectEnds(bootstrapInterval([x], interquartileMean, seededRandom(2)), outputs.iqm, 0.01 / 4);
  });

  it('of the interquartile mean of three tasks, drawn from apart', () => {
    const interval = bootstrapInterval(
      inputs.x,
      (...tasks) => interquartileMean(tasks.flat()),
      seededRandom(3),
    );
    expectEnds(interval, outputs.iqm_of_all_tasks, 0.01 / 12);
  });

  it('of the probability of improvement, for one task and for three', () => {
    expectEnds(
      bootstrapInterval([x, y], probabilityOfImprovement, seededRandom(4)),
      outputs.probability,
      0.5 / 48,
    );
    const overTasks = (...drawn: number[][]) =>
      mean([0, 1, 2].map((task) => probabilityOfImprovement(drawn[task]!, drawn[3 + task]!)));
    const interval = bootstrapInterval([...inputs.x, ...inputs.y], overTasks, seededRandom(5));
    expectEnds(interval, outputs.probability_of_all_tasks, 0.5 / 48 / 3);
  });
});

it('is the interval of all 5⁵ resamples', () => {
  const sample = [0.1, 0.7, 1.9, 4.2, 8.3];
  const all = Array.from({ length: 5 ** 5 }, (_, index) =>
    mean(sample.map((_, place) => sample[Math.floor(index / 5 ** place) % 5]!)),
  ).sort((a, b) => a - b);
  const ends = [0.025, 0.975].map((share) => all[Math.round(share * (all.length - 1))]!);
  // between neighbours of the 126 different means
  expectEnds(bootstrapInterval([sample], mean, seededRandom(6)), ends, 0.12);
});

it('of equal values is a point, and of fewer than three there is none', () => {
  expect(bootstrapInterval([[0.5, 0.5, 0.5]], mean, seededRandom(7))).toEqual({ lower: 0.5, upper: 0.5 });
  const none = { lower: null, upper: null };
  expect(bootstrapInterval([[1, 2]], mean, seededRandom(7))).toEqual(none);
  expect(bootstrapInterval([[1, 2, 3], []], probabilityOfImprovement, seededRandom(7))).toEqual(none);
});

it('refuses what is missing or not finite', () => {
  expect(() =>
    bootstrapInterval(
      [
        [1, 2, 3],
        [1, Number.NaN],
      ],
      mean,
      seededRandom(8),
    ),
  ).toThrow('a value to resample is NaN; expected finite numbers.');
});

it('repeats with the stream, lies within the sample, and moves and stretches with it', () => {
  const samples = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 6 });
  fc.assert(
    fc.property(samples, fc.integer({ min: 1, max: 9 }), fc.nat(), (sample, unit, seed) => {
      const interval = (values: readonly number[]) => bootstrapInterval([values], mean, seededRandom(seed));
      const own = interval(sample);
      expect(interval(sample)).toEqual(own);
      expect(own.lower!).toBeGreaterThanOrEqual(Math.min(...sample));
      expect(own.upper!).toBeLessThanOrEqual(Math.max(...sample));
      expect(own.lower!).toBeLessThanOrEqual(own.upper!);
      const moved = interval(sample.map((value) => unit * value + 7));
      // float64 beside numbers up to 457
      expect(moved.lower!).toBeCloseTo(unit * own.lower! + 7, 9);
      expect(moved.upper!).toBeCloseTo(unit * own.upper! + 7, 9);
    }),
    // each takes three intervals
    { numRuns: 15 },
  );
});
