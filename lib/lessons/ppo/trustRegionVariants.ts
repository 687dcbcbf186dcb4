/**
 * What keeps PPO's updates near the policy that sampled: nothing, the clip, or a penalty on the KL. The comparison of
 * Schulman et al. 2017, section 6.1 and table 1, arXiv:1707.06347, on tasks of a few seconds.
 */
import { type PpoConfig, type PpoModels, ppo } from '../../algorithms/ppo';
import { disposeRollout, rollOut, type Task } from '../../algorithms/rollouts/rollout';
import { scoresOf } from '../../algorithms/rollouts/rolloutStatistics';
import { meanInterval } from '../../math/meanInterval';
import { type Random, seededRandom } from '../../math/random';
import { mean } from '../../math/statistics';
import { disposeParameters } from '../../models/parameters';
import type { States } from '../../models/policy';

export type VariantFamily = 'no clip or penalty' | 'clip' | 'adaptive KL' | 'fixed KL';

export interface Variant {
  readonly name: string;
  readonly family: VariantFamily;
  readonly choices: Partial<PpoConfig>;
}

/** The ratio counts as it is: it is never below 0, nor above ∞. */
export const unclipped = { clipLow: 1, clipHigh: Number.POSITIVE_INFINITY } as const;

export interface VariantOptions {
  /** ε; each once is enough. */
  readonly clipRanges: readonly number[];
  /** d_targ, in nats; β starts at 1. */
  readonly klTargets: readonly number[];
  /** β. */
  readonly klCoefficients: readonly number[];
}

/** The rows of the paper's table 1, with the numbers that are asked for. */
export function trustRegionVariants({ clipRanges, klTargets, klCoefficients }: VariantOptions): Variant[] {
  const inOrder = [...new Set(clipRanges)].sort((a, b) => a - b);
  return [
    { name: 'no clip or penalty', family: 'no clip or penalty', choices: unclipped },
    ...inOrder.map((clip): Variant => {
      return { name: `clip, ε = ${clip}`, family: 'clip', choices: { clipLow: clip, clipHigh: clip } };
    }),
    ...klTargets.map((target): Variant => {
      const choices = { ...unclipped, updateKlCoefficient: 1, updateKlTarget: target };
      return { name: `adaptive KL, target ${target}`, family: 'adaptive KL', choices };
    }),
    ...klCoefficients.map((coefficient): Variant => {
      const choices = { ...unclipped, updateKlCoefficient: coefficient };
      return { name: `fixed KL, β = ${coefficient}`, family: 'fixed KL', choices };
    }),
  ];
}

/** Where the variants are tried. */
export interface ProvingGround<S extends States> {
  readonly name: string;
  readonly task: Task<S>;
  /** Models to train, which the runs dispose of; the reference is the caller's. */
  readonly models: (random: Random) => PpoModels<S>;
  readonly settings: PpoConfig;
  /** Trajectories to judge the trained policy by. */
  readonly judged: { readonly queries: number; readonly groupSize: number };
}

export interface VariantRow {
  readonly task: string;
  readonly variant: string;
  readonly family: VariantFamily;
  readonly seed: number;
  /** Rollouts that the policy has learnt from. */
  readonly rollouts: number;
  /** Mean over trajectories that it samples then. */
  readonly reward: number;
  /** Of the updates on the rollout that it samples then, each before it is made; null after the last. */
  readonly approx_kl: number | null;
  readonly ratio_max: number | null;
  readonly clip_fraction: number | null;
  /** After those updates, over every action; null where no penalty asks for it. */
  readonly update_kl: number | null;
  /** β of the penalty; 0 without. */
  readonly update_kl_coefficient: number | null;
  /** Mean over actions, in nats. */
  readonly entropy: number | null;
}

/** All variants from one seed: the same models at first, and the same streams. */
export async function* variantRuns<S extends States>(
  ground: ProvingGround<S>,
  variants: readonly Variant[],
  seed: number,
): AsyncGenerator<VariantRow, void> {
  const { task, settings, judged } = ground;
  for (const { name, family, choices } of variants) {
    const random = seededRandom(seed);
    const models = ground.models(random);
    const told = { task: ground.name, variant: name, family, seed };
    try {
      for await (const row of ppo(task, models, { ...settings, ...choices }, random.split('train'))) {
        const { step, reward, approx_kl, ratio_max, clip_fraction } = row;
        const { update_kl, update_kl_coefficient, entropy } = row;
        const moved = { approx_kl, ratio_max, clip_fraction, update_kl, update_kl_coefficient, entropy };
        yield { ...told, rollouts: step - 1, reward, ...moved };
      }
      const request = { ...judged, temperature: settings.temperature };
      const last = await rollOut(task, models.policy, request, random.split('judged'));
      const reward = mean(scoresOf(last.trajectories));
      disposeRollout(last);
      const nothing = { approx_kl: null, ratio_max: null, clip_fraction: null } as const;
      const more = { update_kl: null, update_kl_coefficient: null, entropy: null } as const;
      yield { ...told, rollouts: settings.steps, reward, ...nothing, ...more };
    } finally {
      for (const { parameters } of [models.policy, models.critic]) disposeParameters(parameters);
    }
  }
}

export interface ScoreRow {
  readonly task: string;
  readonly variant: string;
  readonly family: VariantFamily;
  readonly seed: number;
  /** Of the policy that training ends with. */
  readonly reward: number;
  /** 0 is the policy before training, 1 the best that there is. */
  readonly score: number;
  /** The largest ratio of any update. */
  readonly ratio_max: number;
  /** Mean over all updates, in nats. */
  readonly approx_kl: number;
  readonly clip_fraction: number;
}

/**
 * Each run's normalized score. The paper's 0 is a random policy and its 1 the best result of all variants; here 1 is
 * the most that can be earned, which is known.
 * @param best of each task, in the unit of its reward
 */
export function variantScores(
  rows: readonly VariantRow[],
  best: Readonly<Record<string, number>>,
): ScoreRow[] {
  const runs = new Map<string, VariantRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.task, row.variant, row.seed]);
    runs.set(key, [...(runs.get(key) ?? []), row]);
  }
  const start = (task: string) =>
    mean(rows.filter((row) => row.task === task && row.rollouts === 0).map(({ reward }) => reward));
  return [...runs.values()].map((run) => {
    const { task, variant, family, seed, reward } = run.at(-1)!;
    const numbers = (column: 'ratio_max' | 'approx_kl' | 'clip_fraction') =>
      run.map((row) => row[column]).filter((value) => value !== null);
    const zero = start(task);
    return {
      task,
      variant,
      family,
      seed,
      reward,
      score: (reward - zero) / (best[task]! - zero),
      ratio_max: Math.max(...numbers('ratio_max')),
      approx_kl: mean(numbers('approx_kl')),
      clip_fraction: mean(numbers('clip_fraction')),
    };
  });
}

/** Table 1 of the paper: normalized scores, averaged over 21 runs (seven environments, three seeds). */
export const paperScores: Readonly<Record<string, number>> = {
  'no clip or penalty': -0.39,
  'clip, ε = 0.1': 0.76,
  'clip, ε = 0.2': 0.82,
  'clip, ε = 0.3': 0.7,
  'adaptive KL, target 0.003': 0.68,
  'adaptive KL, target 0.01': 0.74,
  'adaptive KL, target 0.03': 0.71,
  'fixed KL, β = 0.3': 0.62,
  'fixed KL, β = 1': 0.71,
  'fixed KL, β = 3': 0.72,
  'fixed KL, β = 10': 0.69,
};

export interface DifferenceRow {
  readonly variant: string;
  /** Mean over runs of the variant's score less that of the variant compared with: same task, same seed. */
  readonly difference: number;
  /** Its 95 % interval; null for fewer than two runs. */
  readonly difference_lower: number | null;
  readonly difference_upper: number | null;
  /** Of the paper's two scores; null where it has none. */
  readonly paper: number | null;
  /** Whether the interval has one sign, and which. */
  readonly verdict: 'above' | 'below' | 'not told apart';
}

/** Every other variant beside one: what is common to the runs of a task and a seed drops out. */
export function differencesFrom(scores: readonly ScoreRow[], compared: string): DifferenceRow[] {
  const key = ({ task, seed }: ScoreRow) => `${task} ${seed}`;
  const base = new Map(
    scores.filter(({ variant }) => variant === compared).map((row) => [key(row), row.score]),
  );
  const others = [...new Set(scores.map(({ variant }) => variant))].filter((name) => name !== compared);
  return others.map((variant) => {
    const own = scores.filter((row) => row.variant === variant);
    const {
      mean: difference,
      lower,
      upper,
    } = meanInterval(own.map((row) => row.score - base.get(key(row))!));
    const [paper, paperBase] = [paperScores[variant], paperScores[compared]];
    return {
      variant,
      difference,
      difference_lower: lower,
      difference_upper: upper,
      paper:
        paper === undefined || paperBase === undefined ? null : Math.round(100 * (paper - paperBase)) / 100,
      verdict:
        lower !== null && lower > 0 ? 'above' : upper !== null && upper < 0 ? 'below' : 'not told apart',
    };
  });
}
