/** Sampled responses token by token, for the rollout viewer: how likely each action was, and how open the choice. */
import { type Rollout, rolloutLogits } from '../../algorithms/rollouts/rollout';
import { unpadRows } from '../../algorithms/rollouts/rows';
import { tf } from '../../engine/tensorflow';
import { actionEntropy } from '../../models/categorical';
import type { GptPolicy, TokenStates } from '../../models/gptPolicy';

export interface SampledTokenRow {
  /** Counts from 0; the responses to one query follow each other. */
  readonly trajectory: number;
  readonly query: string;
  /** Counts from 0. */
  readonly position: number;
  readonly token: string;
  /** π(a|s) at the temperature of the rollout. */
  readonly probability: number;
  /** log π(a|s), in nats. */
  readonly log_prob: number;
  /** Of the distribution that the token was drawn from, in nats. */
  readonly entropy: number;
  /** At the last token alone. */
  readonly reward: number;
}

export async function sampledTokens(
  policy: GptPolicy,
  rollout: Rollout<TokenStates>,
  temperature: number,
): Promise<SampledTokenRow[]> {
  const { trajectories } = rollout;
  const logProbs = await unpadRows(rollout.logProbs, trajectories);
  const entropies = tf.tidy(() => actionEntropy(rolloutLogits(policy, rollout, temperature)));
  const entropyRows = await unpadRows(entropies, trajectories);
  entropies.dispose();
  return trajectories.flatMap(({ query, actions, rewards }, b) =>
    actions.map((token, t) => ({
      trajectory: b,
      query,
      position: t,
      token,
      probability: Math.exp(logProbs[b]![t]!),
      log_prob: logProbs[b]![t]!,
      entropy: entropyRows[b]![t]!,
      reward: rewards[t]!,
    })),
  );
}
