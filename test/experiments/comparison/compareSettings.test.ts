import { describe, expect, it } from 'vitest';
import { compareSettings, type SeedScore } from '../../../lib/experiments/comparison/compareSettings';
import { csvText } from '../../../lib/files/csvText';
import { bootstrapInterval } from '../../../lib/math/bootstrap';
import { interquartileMean } from '../../../lib/math/interquartileMean';
import { meanInterval } from '../../../lib/math/meanInterval';
import { seededRandom } from '../../../lib/math/random';

/** Seeds count from 1. */
const scoresOf = (setting: string, scores: readonly number[], firstSeed = 1): SeedScore[] =>
  scores.map((score, i) => ({ setting, seed: firstSeed + i, score }));
const compare = (...scores: SeedScore[][]) => compareSettings(scores.flat(), seededRandom(1));

const good = [0.93, 0.95, 0.9, 0.96, 0.91];
const bad = [0.81, 0.85, 0.77, 0.86, 0.84];

describe('a setting’s row', () => {
  it('has the mean with Student’s and the interquartile mean with the bootstrap’s interval', () => {
    const [row] = compare(scoresOf('PPO', good)).settings;
    const { mean, lower, upper } = meanInterval(good);
    const iqm = bootstrapInterval([good], interquartileMean, seededRandom(1).split('PPO'));
    expect(row).toEqual({
      setting: 'PPO',
      seeds: 5,
      mean,
      mean_lower: lower,
      mean_upper: upper,
      iqm: interquartileMean(good),
      iqm_lower: iqm.lower,
      iqm_upper: iqm.upper,
    });
  });

  it('does not change with what else is compared', () => {
    const alone = compare(scoresOf('a', good), scoresOf('b', bad));
    const among = compare(scoresOf('c', [1, 2, 4]), scoresOf('a', good), scoresOf('b', bad));
    expect(among.settings.slice(1)).toEqual(alone.settings);
    expect(among.pairs.at(-1)).toEqual(alone.pairs[0]);
  });
});

describe('a pair’s row', () => {
  const pair = (...scores: SeedScore[][]) => compare(...scores).pairs[0]!;

  it('says which is better where no interval holds a tie, in either order', () => {
    const row = pair(scoresOf('GRPO', good), scoresOf('PPO', bad));
    expect(row).toMatchObject({
      setting: 'GRPO',
      other: 'PPO',
      seeds: 5,
      left_out: 0,
      won: 5,
      probability: 1,
    });
    expect(row.difference).toBeCloseTo(0.104, 12);
    expect(row.evidence).toBe('5 seeds: GRPO is better, no interval holds a tie');
    expect(pair(scoresOf('PPO', bad), scoresOf('GRPO', good)).evidence).toBe(row.evidence);
  });

  it.each([
    [0, '0 seeds: not evidence'],
    [1, '1 seed: not evidence'],
    [2, '2 seeds: not evidence'],
  ])('is not evidence with %d shared seeds, however far apart', (shared, evidence) => {
    const row = pair(scoresOf('a', good), scoresOf('b', bad, 6 - shared));
    expect(row.evidence).toBe(`${evidence}; ${10 - 2 * shared} runs of other seeds left out`);
    expect([row.difference_lower, row.probability_lower, row.effect_size]).toEqual([null, null, null]);
  });

  it('pairs by seed, whatever the order, and leaves out what one of them lacks', () => {
    const row = pair(scoresOf('a', good).reverse(), scoresOf('b', bad.slice(1), 2));
    expect(row).toMatchObject({ seeds: 4, left_out: 1, won: 4 });
    expect(row.difference).toBeCloseTo((0.1 + 0.13 + 0.1 + 0.07) / 4, 12);
    expect(row.evidence).toContain('; 1 run of other seeds left out');
  });

  it('does not settle an order on the bootstrap alone: three seeds agree by chance', () => {
    const row = pair(scoresOf('a', [0.6, 0.75, 0.9]), scoresOf('b', [0.5, 0.55, 0.58]));
    expect(row.difference_lower!).toBeGreaterThan(0);
    expect(row.student_lower!).toBeLessThan(0);
    expect(row.evidence).toBe('3 seeds: order not settled, intervals that hold a tie: Student');
  });

  it('names every interval that holds a tie', () => {
    const equal = pair(scoresOf('a', [1, 2, 3, 4]), scoresOf('b', [2, 1, 4, 3]));
    expect(equal.evidence).toBe(
      '4 seeds: order not settled, intervals that hold a tie: bootstrap, Student, probability',
    );
    const same = pair(scoresOf('a', [1, 1, 1]), scoresOf('b', [1, 1, 1]));
    expect(same).toMatchObject({ difference: 0, probability: 0.5, tied: 3, effect_size: null });
    expect(same.evidence).toContain('order not settled');
  });

  it('settles nothing where the difference is of one setting and the probability of the other', () => {
    const seeds = Array.from({ length: 60 }, (_, i) => i);
    // worse by a little with three seeds of four, better by much with the rest
    const mixed = seeds.map((i) => (i % 4 === 0 ? 9 : -0.1));
    const row = pair(scoresOf('a', mixed), scoresOf('b', new Array<number>(60).fill(0)));
    expect(row.difference_lower!).toBeGreaterThan(0);
    expect(row.probability_upper!).toBeLessThan(0.5);
    expect(row.evidence).toBe('60 seeds: order not settled, the difference and the probability disagree');
  });
});

it('compares each pair once, and its rows make tables', () => {
  const { settings, pairs } = compare(scoresOf('a', good), scoresOf('b', bad), scoresOf('c', [0.5], 9));
  expect(pairs.map(({ setting, other }) => setting + other)).toEqual(['ab', 'ac', 'bc']);
  expect(csvText('settings', settings).split('\n')[3]).toBe('c,1,0.5,,,0.5,,');
  expect(csvText('pairs', pairs).split('\n')[2]).toBe(
    'a,c,0,6,,,,,,,0,0,,,,0 seeds: not evidence; 6 runs of other seeds left out',
  );
});

it('refuses a seed that stands twice, and a score that is none', () => {
  expect(() => compare(scoresOf('a', good), scoresOf('a', [1], 3))).toThrow(
    '"a" has the seed 3 twice; expected one score of each seed.',
  );
  expect(() => compare(scoresOf('a', [1, Number.NaN]))).toThrow(
    'the score of "a", seed 2, is NaN; expected a finite number.',
  );
});
