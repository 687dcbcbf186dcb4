/** A response as the actions of a policy: at each step a state, a distribution over tokens, and the token taken. */
import { requireCount } from '../../errors/inputError';
import { softmax } from '../../math/softmax';
import type { TokenStep } from './tokenSteps';

export interface PolicyRow {
  /** Counts from 1 within the response. */
  readonly t: number;
  readonly state: string;
  readonly action: string;
  /** π(a|s). */
  readonly probability: number;
  /** log π(a|s), in nats. */
  readonly log_prob: number;
  /** The sum of the log-probs so far: log π of the response up to here. */
  readonly log_prob_so_far: number;
}

/** The response's steps; those of the query are not the policy's actions. */
export function policyRows(steps: readonly TokenStep[]): PolicyRow[] {
  let sum = 0;
  return steps
    .filter(({ in_response }) => in_response)
    .map(({ state, token, log_prob }, i) => {
      sum += log_prob;
      const probability = Math.exp(log_prob);
      return { t: i + 1, state, action: token, probability, log_prob, log_prob_so_far: sum };
    });
}

export interface NextTokenRow {
  readonly token: string;
  readonly probability: number;
}

/**
 * The likeliest tokens of a state and how likely each is, and all others in one last row.
 * @param marked a token that is told apart, such as the one taken; it has a row of its own, however unlikely it is
 */
export function likeliestTokens(
  { logits }: Pick<TokenStep, 'logits'>,
  vocabulary: readonly string[],
  {
    shown,
    temperature = 1,
    marked,
  }: { readonly shown: number; readonly temperature?: number; readonly marked?: string },
): NextTokenRow[] {
  requireCount('shown', shown);
  const probabilities = softmax(logits, temperature);
  const order = logits.map((_, id) => id).sort((a, b) => logits[b]! - logits[a]!);
  const first = order.slice(0, shown);
  const own = marked === undefined ? -1 : vocabulary.indexOf(marked);
  if (own >= 0 && !first.includes(own)) first[first.length - 1] = own;
  const rows = first.map((id) => ({
    token: id === own ? `${vocabulary[id]} (taken)` : vocabulary[id]!,
    probability: probabilities[id]!,
  }));
  const rest = order.filter((id) => !first.includes(id));
  if (rest.length === 0) return rows;
  const probability = rest.reduce((sum, id) => sum + probabilities[id]!, 0);
  return [...rows, { token: `${rest.length} others`, probability }];
}
