/**
 * The policy gradient of one choice, term by term.
 *   ∇J = E_{a∼π}[A(a) ∇ log π(a)] = Σ_a π(a) A(a) (e_a − π),   A(a) = r(a) − b,   by the logits of π
 * It is π_a (r_a − V) in each logit a, with V = Σ π r, whatever b is: E[∇ log π] = 0.
 * Williams 1992; Sutton & Barto 2018, section 13.3.
 */
import { InputError } from '../../errors/inputError';
import type { Random } from '../../math/random';

/** One state. */
export interface Choice {
  readonly actions: readonly string[];
  readonly probabilities: readonly number[];
  readonly rewards: readonly number[];
}

/** V = Σ π r, the expected reward. */
export function choiceValue({ probabilities, rewards }: Choice): number {
  checkChoice(probabilities, rewards);
  return probabilities.reduce((sum, p, a) => sum + p * rewards[a]!, 0);
}

function checkChoice(probabilities: readonly number[], rewards: readonly number[]): void {
  const total = probabilities.reduce((sum, p) => sum + p, 0);
  if (
    probabilities.length !== rewards.length ||
    probabilities.some((p) => p < 0) ||
    Math.abs(total - 1) > 1e-9
  ) {
    throw new InputError(
      `the probabilities are ${probabilities.join(', ')} and the rewards ${rewards.join(', ')}; expected as many of each, and probabilities that sum to 1.`,
    );
  }
}

/** Columns `by_<action>`: what a term adds to the gradient by that action's logit. */
export type TermRow = { readonly action: string; readonly probability: number; readonly reward: number } & {
  readonly advantage: number;
} & Readonly<Record<`by_${string}`, number>>;

/**
 * Each action's term π(a) A(a) (e_a − π) of the expectation.
 * @param baseline b, in the unit of the reward
 */
export function gradientTerms(choice: Choice, baseline: number): TermRow[] {
  const { actions, probabilities, rewards } = choice;
  checkChoice(probabilities, rewards);
  return actions.map((action, a) => {
    const advantage = rewards[a]! - baseline;
    const score = scoreOf(probabilities, a).map((direction) => probabilities[a]! * advantage * direction);
    const parts = Object.fromEntries(actions.map((name, i) => [`by_${name}`, score[i]!]));
    return { action, probability: probabilities[a]!, reward: rewards[a]!, advantage, ...parts } as TermRow;
  });
}

/** ∇ log π(a) by the logits, e_a − π. */
function scoreOf(probabilities: readonly number[], action: number): number[] {
  return probabilities.map((p, i) => (i === action ? 1 : 0) - p);
}

/** π_a (r_a − V): the sum of the terms, without going through them. */
export function choiceGradient(choice: Choice): number[] {
  const value = choiceValue(choice);
  return choice.probabilities.map((p, a) => p * (choice.rewards[a]! - value));
}

/** Of the estimate from one sample: Σ_a π_a A_a² ‖e_a − π‖² − ‖∇J‖², the sum of the variances of all logits. */
export function sampleVariance(choice: Choice, baseline: number): number {
  const { probabilities, rewards } = choice;
  const square = (v: readonly number[]) => v.reduce((sum, x) => sum + x * x, 0);
  const second = probabilities.reduce(
    (sum, p, a) => sum + p * (rewards[a]! - baseline) ** 2 * square(scoreOf(probabilities, a)),
    0,
  );
  return second - square(choiceGradient(choice));
}

export type SampledRow = { readonly samples: number } & Readonly<Record<`by_${string}`, number>> & {
    /** Euclidean distance of the estimate from the exact gradient. */
    readonly error: number;
    /** √(variance of one sample / samples): how far it is off in the root mean square. */
    readonly expected_error: number;
  };

/** The mean of A(a) ∇ log π(a) over the first n sampled actions, for each n. */
export function sampledGradients(
  choice: Choice,
  baseline: number,
  counts: readonly number[],
  random: Random,
): SampledRow[] {
  const { actions, probabilities, rewards } = choice;
  const exact = choiceGradient(choice);
  const variance = sampleVariance(choice, baseline);
  const sum = actions.map(() => 0);
  let drawn = 0;
  return [...counts]
    .sort((a, b) => a - b)
    .map((samples) => {
      for (; drawn < samples; drawn++) {
        const taken = random.categorical(probabilities);
        const advantage = rewards[taken]! - baseline;
        scoreOf(probabilities, taken).forEach((direction, i) => {
          sum[i] = sum[i]! + advantage * direction;
        });
      }
      const estimate = sum.map((total) => total / samples);
      const parts = Object.fromEntries(actions.map((name, i) => [`by_${name}`, estimate[i]!]));
      const error = Math.hypot(...estimate.map((value, i) => value - exact[i]!));
      return { samples, ...parts, error, expected_error: Math.sqrt(variance / samples) } as SampledRow;
    });
}
