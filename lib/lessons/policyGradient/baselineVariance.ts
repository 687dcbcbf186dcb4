/**
 * What a baseline does to the policy gradient: the same walks, weighted by reward − baseline with several baselines,
 * and each estimate compared with the exact gradient.
 *   ĝ = 1/B Σ_i Σ_t (R_i − b) ∇ log π(a_t|s_t)
 * A baseline that does not depend on the walk itself leaves the expectation as it is, since E[∇ log π] = 0. A mean of n
 * walks that includes the walk itself takes 1/n of its own reward away: E[ĝ] = (1 − 1/n) ∇J.
 */
import { discountedReturns } from '../../advantages/discountedReturns';
import { groupAdvantages } from '../../advantages/groupAdvantages';
import type { Random } from '../../math/random';
import { mean, standardError } from '../../math/statistics';
import { type Walk, walk } from '../../tasks/maze';
import { mazeGradient, type Table, valuesByActionsLeft, type WalkSetting } from './mazeGradient';

/** Nothing; a mean over the batch, the group, or the group's others (RLOO); the exact value of the start, or of each state. */
export const baselines = [
  'none',
  'batch mean',
  'group mean',
  'leave-one-out',
  'start value',
  'state values',
] as const;
export type Baseline = (typeof baselines)[number];

export interface BatchSize {
  /** Starts drawn, and walks from each. */
  readonly queries: number;
  readonly groupSize: number;
}

/** Walks of a policy, those from one start next to each other. */
export function sampleWalks(
  { maze, rewards, maxSteps }: WalkSetting,
  probabilities: Table,
  { queries, groupSize }: BatchSize,
  random: Random,
): Walk[] {
  return Array.from({ length: queries }, (_, query) => {
    const drawn = random.split(query);
    const start = maze.starts[drawn.integer(maze.starts.length)]!;
    const act = (state: number) => drawn.categorical(probabilities[state]!);
    return Array.from({ length: groupSize }, () => walk(maze, start, rewards, maxSteps, act));
  }).flat();
}

/**
 * The advantage of each action of each walk. With a value for each state it is the reward from there on, minus that
 * value; with the others the whole walk's reward minus one number.
 * @param values V_k(s) of the policy, [k][state]
 */
export function advantagesOf(
  walks: readonly Walk[],
  baseline: Baseline,
  groupSize: number,
  values: Table,
): number[][] {
  const rewards = walks.map((one) => one.rewards.reduce((sum, reward) => sum + reward, 0));
  const maxSteps = values.length - 1;
  const options = { scale: 'none', ddof: 1, scaleEpsilon: 0 } as const;
  const compared = (kind: 'none' | 'mean' | 'leave-one-out', size: number) =>
    alike(walks, groupAdvantages(rewards, size, { baseline: kind, ...options }));
  switch (baseline) {
    case 'none':
      return compared('none', groupSize);
    case 'batch mean':
      return compared('mean', walks.length);
    case 'group mean':
      return compared('mean', groupSize);
    case 'leave-one-out':
      return compared('leave-one-out', groupSize);
    case 'start value':
      return alike(
        walks,
        walks.map(({ states }, i) => rewards[i]! - values[maxSteps]![states[0]!]!),
      );
    case 'state values':
      return walks.map(({ states, rewards: earned }) =>
        discountedReturns(earned, 1).map((reward, t) => reward - values[maxSteps - t]![states[t]!]!),
      );
  }
}

function alike(walks: readonly Walk[], advantages: readonly number[]): number[][] {
  return walks.map(({ states }, i) => states.map(() => advantages[i]!));
}

/** 1/B Σ_i Σ_t Â_it (e_a − π(s)): the estimate of ∂J/∂z, [state][action]. */
export function sampledMazeGradient(
  probabilities: Table,
  walks: readonly Walk[],
  advantages: Table,
): number[][] {
  const gradient = probabilities.map((row) => row.map(() => 0));
  walks.forEach(({ states, actions }, i) => {
    states.forEach((state, t) => {
      const row = gradient[state]!;
      const weight = advantages[i]![t]! / walks.length;
      for (let a = 0; a < row.length; a++) {
        row[a] = row[a]! + weight * ((a === actions[t] ? 1 : 0) - probabilities[state]![a]!);
      }
    });
  });
  return gradient;
}

export interface BaselineRow {
  readonly baseline: Baseline;
  /** Sampled batches that the row is made from. */
  readonly batches: number;
  /** Sum over all logits of the variance of ĝ, of one batch. */
  readonly variance: number;
  /** √variance / ‖E[ĝ]‖: how long the noise of one batch is, in gradients. */
  readonly noise_to_signal: number;
  /** Walks after which noise and gradient are equally long. */
  readonly walks_needed: number;
  /** ⟨ĝ, ∇J⟩ / ‖∇J‖², mean over batches: 1 where the estimate is unbiased. */
  readonly scale: number;
  /** The standard error of that mean. */
  readonly scale_error: number;
  /** What theory says it is. */
  readonly expected_scale: number;
}

/** Every baseline on the same batches, so that they differ by nothing else. */
export function baselineRows(
  setting: WalkSetting,
  probabilities: Table,
  size: BatchSize,
  batches: number,
  random: Random,
): BaselineRow[] {
  const exact = mazeGradient(setting, probabilities).gradient.flat();
  const square = exact.reduce((sum, value) => sum + value * value, 0);
  const values = valuesByActionsLeft(setting, probabilities);
  const walksInBatch = size.queries * size.groupSize;
  const tallies = baselines.map(() => ({ sum: exact.map(() => 0), squares: 0, scales: [] as number[] }));
  for (let batch = 0; batch < batches; batch++) {
    const walks = sampleWalks(setting, probabilities, size, random.split(batch));
    baselines.forEach((baseline, i) => {
      const advantages = advantagesOf(walks, baseline, size.groupSize, values);
      const gradient = sampledMazeGradient(probabilities, walks, advantages).flat();
      const { sum, scales } = tallies[i]!;
      let dot = 0;
      gradient.forEach((value, p) => {
        sum[p] = sum[p]! + value;
        tallies[i]!.squares += value * value;
        dot += value * exact[p]!;
      });
      scales.push(dot / square);
    });
  }
  return baselines.map((baseline, i) => {
    const { sum, squares, scales } = tallies[i]!;
    const squareOfMean = sum.reduce((total, value) => total + (value / batches) ** 2, 0);
    const variance = ((squares / batches - squareOfMean) * batches) / (batches - 1);
    const expected_scale = expectedScale(baseline, size);
    const relative = variance / (expected_scale ** 2 * square);
    return {
      baseline,
      batches,
      variance,
      noise_to_signal: Math.sqrt(relative),
      walks_needed: walksInBatch * relative,
      scale: mean(scales),
      scale_error: standardError(scales),
      expected_scale,
    };
  });
}

function expectedScale(baseline: Baseline, { queries, groupSize }: BatchSize): number {
  if (baseline === 'batch mean') return 1 - 1 / (queries * groupSize);
  return baseline === 'group mean' ? 1 - 1 / groupSize : 1;
}
