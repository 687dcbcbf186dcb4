/** The rollout of an inspection as the batch that `comparePresets` takes. */
import type { ComparisonBatch } from '../../algorithms/presets/presetUpdate';
import type { TokenRow } from '../../algorithms/rollouts/tokenRows';
import { refuse } from '../../errors/inputError';
import { groupBy } from '../../math/groupBy';

export interface TokenBatch extends ComparisonBatch {
  /** The name of each token. */
  readonly names: readonly (readonly string[])[];
}

/**
 * The trajectories of one step, of which an update has been made. The critic's values are those at the rollout, before
 * and after alike: an inspection does not hold its later ones.
 * @param tokens of one step of an algorithm with a critic and a reference
 * @throws InputError where there are no tokens, or they are of several steps
 */
export function tokenBatch(tokens: readonly TokenRow[], groupSize: number): TokenBatch {
  const [first] = tokens;
  const steps = [...new Set(tokens.map(({ step }) => step))];
  if (!first || steps.length > 1) refuse('the step of the tokens', steps.join(', ') || 'none', 'one');
  const rows = groupBy(tokens, ({ trajectory }) => trajectory);
  const column = <Value>(of: (token: TokenRow) => Value) => [...rows.values()].map((row) => row.map(of));
  const has = (name: 'kl' | 'value') => first[name] !== null;
  const values = has('value') ? column(({ value }) => value!) : null;
  return {
    groupSize,
    names: column(({ token }) => token),
    rewards: column(({ reward }) => reward),
    logProbs: column(({ log_prob }) => log_prob),
    oldLogProbs: column(({ old_log_prob }) => old_log_prob),
    refLogProbs: has('kl') ? column(({ old_log_prob, kl }) => old_log_prob - kl!) : null,
    values,
    oldValues: values,
  };
}
