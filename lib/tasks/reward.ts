/** What a response is worth: rules and reward models behind one interface. */
import { InputError } from '../errors/inputError';

/** A query and a model's response to it. */
export interface Completion {
  readonly query: string;
  readonly response: string;
  /** The response's tokens, the end included. */
  readonly tokens: number;
  /** By the end token; false where the response was cut off. */
  readonly ended: boolean;
}

export interface Reward {
  readonly name: string;
  /** One score for each completion, in their order. */
  score(completions: readonly Completion[]): Promise<readonly number[]> | readonly number[];
}

export interface WeightedReward {
  readonly reward: Reward;
  readonly weight: number;
}

/** Σ weight · score, and each score by its reward's name. */
export interface CombinedReward {
  score(
    completions: readonly Completion[],
  ): Promise<{ readonly total: number[]; readonly scores: Record<string, number>[] }>;
}

export function combineRewards(parts: readonly WeightedReward[]): CombinedReward {
  if (parts.length === 0) throw new InputError('there are no rewards to combine; expected at least one.');
  const names = parts.map(({ reward }) => reward.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw new InputError(`two rewards are named "${twice}"; expected a name of its own for each.`);

  async function score(completions: readonly Completion[]) {
    const total = completions.map(() => 0);
    const scores = completions.map((): Record<string, number> => ({}));
    for (const { reward, weight } of parts) {
      const given = await reward.score(completions);
      if (given.length !== completions.length) {
        throw new InputError(
          `the reward "${reward.name}" gave ${given.length} scores for ${completions.length} responses.`,
        );
      }
      given.forEach((value, i) => {
        if (!Number.isFinite(value)) {
          const { query, response } = completions[i]!;
          throw new InputError(
            `the reward "${reward.name}" scored "${response}" to "${query}" with ${value}; expected a finite number.`,
          );
        }
        total[i]! += weight * value;
        scores[i]![reward.name] = value;
      });
    }
    return { total, scores };
  }
  return { score };
}
