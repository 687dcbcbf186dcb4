/** What an update learns from: a rollout's tensors, and numbers for each of its actions, padded to one shape. */
import { tf } from '../../engine/tensorflow';
import type { States } from '../../models/policy';
import type { Rollout } from './rollout';
import { padRows, type Rows } from './rows';

export type RolloutBatch<S extends States, Term extends string> = {
  readonly states: S;
  /** [B, T] int32 */
  readonly actions: tf.Tensor2D;
  /** [B, T] 1 on actions taken */
  readonly mask: tf.Tensor2D;
  /** [B, T] of the policy that acted, in nats */
  readonly oldLogProbs: tf.Tensor2D;
} & { readonly [Name in Term]: tf.Tensor2D };

/**
 * Takes over the rollout's tensors: who disposes of the batch disposes of both.
 * @param terms a row of numbers for each trajectory, one for each of its actions
 */
export function batchOf<S extends States, Term extends string>(
  { states, actions, mask, logProbs }: Rollout<S>,
  terms: Readonly<Record<Term, readonly (readonly number[])[]>>,
): RolloutBatch<S, Term> {
  const padded = Object.entries<readonly (readonly number[])[]>(terms).map(([name, rows]) => [
    name,
    padRows(rows, actions.shape[1]),
  ]);
  return { states, actions, mask, oldLogProbs: logProbs, ...Object.fromEntries(padded) };
}

export function disposeBatch(batch: Rows): void {
  tf.dispose(batch as tf.TensorContainer);
}
