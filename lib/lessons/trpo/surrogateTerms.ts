/**
 * TRPO's objective and constraint for one state, term by term.
 *   surrogate: E_{a∼π_old}[ρ(a) A(a)] = Σ_a π_old ρ A,  ρ = π/π_old        KL: Σ_a π_old log(π_old/π)
 * Schulman et al. 2015, eq. 14 and 12, arXiv:1502.05477.
 */
import { tf } from '../../engine/tensorflow';
import { exactKl } from '../../losses/klDivergence';
import { surrogateLoss } from '../../losses/surrogate';
import { type Choice, choiceValue } from '../policyGradient/expectedGradient';

export interface SurrogateTerm {
  readonly action: string;
  readonly old_probability: number;
  readonly new_probability: number;
  /** ρ = π/π_old. */
  readonly ratio: number;
  /** Reward minus the old policy's expected reward. */
  readonly advantage: number;
  /** π_old ρ A. */
  readonly surrogate_term: number;
  /** π_old log(π_old/π), in nats; of either sign. */
  readonly kl_term: number;
}

/** @param probabilities π, of the new policy; the choice has π_old */
export function surrogateTerms(choice: Choice, probabilities: readonly number[]): SurrogateTerm[] {
  const value = choiceValue(choice);
  choiceValue({ ...choice, probabilities });
  return choice.actions.map((action, a) => {
    const [old, fresh] = [choice.probabilities[a]!, probabilities[a]!];
    const [ratio, advantage] = [fresh / old, choice.rewards[a]! - value];
    return {
      action,
      old_probability: old,
      new_probability: fresh,
      ratio,
      advantage,
      surrogate_term: old * ratio * advantage,
      kl_term: old * Math.log(old / fresh),
    };
  });
}

/**
 * The same two numbers by the library. `surrogateLoss` takes a mean over samples: here each action stands as often
 * among `samples` as the old policy takes it.
 * @param samples how many; π_old times it must be whole numbers for the mean to be the expectation
 */
export function surrogateByLibrary(
  { probabilities: old, ...choice }: Choice,
  probabilities: readonly number[],
  samples: number,
): { readonly surrogate: number; readonly kl: number } {
  const value = choiceValue({ ...choice, probabilities: old });
  const taken = old.flatMap((p, a) => new Array<number>(Math.round(p * samples)).fill(a));
  const values = tf.tidy(() => {
    const row = (of: (action: number) => number) => tf.tensor2d([taken.map(of)]);
    const loss = surrogateLoss(
      row((a) => Math.log(probabilities[a]!)),
      row((a) => Math.log(old[a]!)),
      row((a) => choice.rewards[a]! - value),
      row(() => 1),
    );
    const logits = (p: readonly number[]) => tf.tensor3d([[p.map(Math.log)]]);
    return tf.stack([loss.neg(), exactKl(logits(old), logits(probabilities)).sum()]);
  });
  const [surrogate, kl] = values.dataSync();
  values.dispose();
  return { surrogate: surrogate!, kl: kl! };
}
