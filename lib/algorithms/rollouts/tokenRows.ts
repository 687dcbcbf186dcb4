/** A rollout, action by action: what each token earned and what the update made of it. */
import type { Policy, States } from '../../models/policy';
import { type Rollout, rolloutLogProbs } from './rollout';
import { unpadRows } from './rows';

export interface TokenRow {
  readonly step: number;
  /** Counts from 0 within a step; the trajectories of one query follow each other. */
  readonly trajectory: number;
  readonly query: string;
  /** Counts from 0. */
  readonly position: number;
  readonly token: string;
  readonly reward: number;
  readonly advantage: number;
  /** log π of the policy that acted, in nats. */
  readonly old_log_prob: number;
  /** The same after the step's updates. */
  readonly log_prob: number;
  /** π after the updates / π that acted. */
  readonly ratio: number;
  /** log π_old − log π_ref (k1), in nats; null without a reference policy. */
  readonly kl: number | null;
  /** What the critic expected before the action; null without a critic. */
  readonly value: number | null;
}

export interface ActionTerms {
  readonly advantages: readonly (readonly number[])[];
  readonly kl: readonly (readonly number[])[] | null;
  readonly values: readonly (readonly number[])[] | null;
}

/** @param policy as the step's updates left it */
export async function tokenRows<S extends States>(
  step: number,
  rollout: Rollout<S>,
  policy: Policy<S>,
  temperature: number,
  { advantages, kl, values }: ActionTerms,
): Promise<TokenRow[]> {
  const { trajectories } = rollout;
  const oldLogProbs = await unpadRows(rollout.logProbs, trajectories);
  const now = rolloutLogProbs(policy, rollout, temperature);
  const logProbs = await unpadRows(now, trajectories);
  now.dispose();
  return trajectories.flatMap(({ query, actions, rewards }, b) =>
    rewards.map((reward, t) => ({
      step,
      trajectory: b,
      query,
      position: t,
      token: actions[t]!,
      reward,
      advantage: advantages[b]![t]!,
      old_log_prob: oldLogProbs[b]![t]!,
      log_prob: logProbs[b]![t]!,
      ratio: Math.exp(logProbs[b]![t]! - oldLogProbs[b]![t]!),
      kl: kl ? kl[b]![t]! : null,
      value: values ? values[b]![t]! : null,
    })),
  );
}
