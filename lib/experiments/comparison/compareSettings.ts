/** What the seeds say about two or more settings, and whether that is evidence. */
import { InputError } from '../../errors/inputError';
import { bootstrapInterval, fewestForBootstrap } from '../../math/bootstrap';
import { groupBy } from '../../math/groupBy';
import { interquartileMean } from '../../math/interquartileMean';
import { meanInterval } from '../../math/meanInterval';
import { type PairedComparison, pairedComparison } from '../../math/pairedComparison';
import { probabilityOfImprovement } from '../../math/probabilityOfImprovement';
import type { Random } from '../../math/random';

/** The final score of one run; higher is better. */
export interface SeedScore {
  readonly setting: string;
  readonly seed: number;
  readonly score: number;
}

/** One setting over all its seeds, in the unit of the score. */
export interface SettingRow {
  readonly setting: string;
  readonly seeds: number;
  readonly mean: number;
  /** Student's 95 % interval; null for one seed. */
  readonly mean_lower: number | null;
  readonly mean_upper: number | null;
  readonly iqm: number;
  /** 95 % bootstrap interval; null for fewer than three seeds. */
  readonly iqm_lower: number | null;
  readonly iqm_upper: number | null;
}

/** Two settings over the seeds that both have; null is what those seeds are too few for. */
export interface PairRow {
  readonly setting: string;
  readonly other: string;
  /** That both have. */
  readonly seeds: number;
  /** Runs of either whose seed the other lacks. */
  readonly left_out: number;
  /** Mean of setting − other, with its 95 % bootstrap interval. */
  readonly difference: number | null;
  readonly difference_lower: number | null;
  readonly difference_upper: number | null;
  /** Student's 95 % interval of the same. */
  readonly student_lower: number | null;
  readonly student_upper: number | null;
  /** Hedges' g of the differences. */
  readonly effect_size: number | null;
  /** Seeds with which the setting beat the other, and seeds with the same score. */
  readonly won: number;
  readonly tied: number;
  /** That a run of the setting beats a run of the other, with its 95 % bootstrap interval. */
  readonly probability: number | null;
  readonly probability_lower: number | null;
  readonly probability_upper: number | null;
  /** Which is better, or which intervals hold a tie, or that the seeds are too few to be evidence. */
  readonly evidence: string;
}

/** With fewer seeds in common, nothing is said about which setting is better. */
export const fewestSeeds = fewestForBootstrap;

/**
 * Each setting, and each pair of settings, in order of first appearance. An order is settled where all three intervals
 * lie on one side of a tie (0 of the difference, ½ of the probability). Student's is among them because the bootstrap
 * alone would call three seeds that agree evidence, as they do by chance in one case of four.
 * Each pair has its 95 % to itself: of twenty pairs without a difference one may be called settled.
 * @param random the bootstraps'; what else is compared does not change a row
 * @throws       InputError where a score is not finite (a run that diverged needs a score, or its setting would look
 *               better without it), or a setting has a seed twice
 */
export function compareSettings(
  scores: readonly SeedScore[],
  random: Random,
): { readonly settings: SettingRow[]; readonly pairs: PairRow[] } {
  const bySetting = [...groupBy(scores, ({ setting }) => setting)].map(
    ([setting, members]) => [setting, scoreOfSeed(setting, members)] as const,
  );
  return {
    settings: bySetting.map(([setting, own]) => settingRow(setting, [...own.values()], random)),
    pairs: bySetting.flatMap(([setting, own], i) =>
      bySetting.slice(i + 1).map(([other, others]) => pairRow([setting, own], [other, others], random)),
    ),
  };
}

function scoreOfSeed(setting: string, scores: readonly SeedScore[]): Map<number, number> {
  const bySeed = new Map<number, number>();
  for (const { seed, score } of scores) {
    if (!Number.isFinite(score)) {
      throw new InputError(`the score of "${setting}", seed ${seed}, is ${score}; expected a finite number.`);
    }
    if (bySeed.has(seed)) {
      throw new InputError(`"${setting}" has the seed ${seed} twice; expected one score of each seed.`);
    }
    bySeed.set(seed, score);
  }
  return bySeed;
}

function settingRow(setting: string, scores: readonly number[], random: Random): SettingRow {
  const { mean, lower, upper } = meanInterval(scores);
  const iqm = bootstrapInterval([scores], interquartileMean, random.split(setting));
  return {
    setting,
    seeds: scores.length,
    mean,
    mean_lower: lower,
    mean_upper: upper,
    iqm: interquartileMean(scores),
    iqm_lower: iqm.lower,
    iqm_upper: iqm.upper,
  };
}

type Scored = readonly [setting: string, scores: ReadonlyMap<number, number>];

function pairRow([setting, own]: Scored, [other, others]: Scored, random: Random): PairRow {
  const shared = [...own.keys()].filter((seed) => others.has(seed));
  const first = shared.map((seed) => own.get(seed)!);
  const second = shared.map((seed) => others.get(seed)!);
  const stream = random.split(setting).split(other);
  const paired = pairedComparison(first, second, stream.split('difference'));
  const probability = bootstrapInterval(
    [first, second],
    probabilityOfImprovement,
    stream.split('probability'),
  );
  const leftOut = own.size + others.size - 2 * shared.length;
  const { difference, bootstrap, effectSize, won, tied } = paired;
  return {
    setting,
    other,
    seeds: shared.length,
    left_out: leftOut,
    difference: shared.length > 0 ? difference.mean : null,
    difference_lower: bootstrap.lower,
    difference_upper: bootstrap.upper,
    student_lower: difference.lower,
    student_upper: difference.upper,
    effect_size: effectSize,
    won,
    tied,
    probability: shared.length > 0 ? probabilityOfImprovement(first, second) : null,
    probability_lower: probability.lower,
    probability_upper: probability.upper,
    evidence: [verdict(setting, other, paired, probability), ...leftOutText(leftOut)].join('; '),
  };
}

type Ends = { readonly lower: number | null; readonly upper: number | null };

function verdict(
  setting: string,
  other: string,
  { difference, bootstrap }: PairedComparison,
  probability: Ends,
): string {
  const seeds = `${difference.count} ${difference.count === 1 ? 'seed' : 'seeds'}`;
  if (difference.count < fewestSeeds) return `${seeds}: not evidence`;
  const sides = [
    ['bootstrap', sideOf(bootstrap, 0)],
    ['Student', sideOf(difference, 0)],
    ['probability', sideOf(probability, 0.5)],
  ] as const;
  const unsettled = sides.filter(([, side]) => side === 0).map(([interval]) => interval);
  if (unsettled.length > 0)
    return `${seeds}: order not settled, intervals that hold a tie: ${unsettled.join(', ')}`;
  const [, side] = sides[0];
  if (sides.some(([, one]) => one !== side)) {
    return `${seeds}: order not settled, the difference and the probability disagree`;
  }
  return `${seeds}: ${side > 0 ? setting : other} is better, no interval holds a tie`;
}

/** 1 where the whole interval is above the tie, −1 below, 0 where the tie is within or the interval unknown. */
function sideOf({ lower, upper }: Ends, tie: number): -1 | 0 | 1 {
  if (lower === null || upper === null) return 0;
  if (lower > tie) return 1;
  return upper < tie ? -1 : 0;
}

function leftOutText(runs: number): string[] {
  return runs > 0 ? [`${runs} ${runs === 1 ? 'run' : 'runs'} of other seeds left out`] : [];
}
