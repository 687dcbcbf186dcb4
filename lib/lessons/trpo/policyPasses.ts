/** What an update asks of the policy, counted in passes over the whole rollout. Sampling and the critic are apart. */
import type { PpoConfig } from '../../algorithms/ppo';
import type { TrpoConfig } from '../../algorithms/trpo';

export interface PassRow {
  readonly algorithm: 'TRPO' | 'PPO';
  readonly part: string;
  /** Plain forward passes. */
  readonly forward: number;
  /** Forward passes that carry a tangent along (forward mode), each about as much work as two. */
  readonly tangent: number;
  /** Backward passes, each about as much work as two forward ones. */
  readonly backward: number;
}

/**
 * TRPO: a product with the Fisher matrix is one pass with a tangent for J v, then one forward and one backward for Jᵀu.
 * @param trials step lengths that the line search tried
 */
export function trpoPasses(
  { conjugateGradientSteps: n }: Pick<TrpoConfig, 'conjugateGradientSteps'>,
  trials: number,
): PassRow[] {
  const row = (part: string, forward: number, tangent: number, backward: number): PassRow => ({
    algorithm: 'TRPO',
    part,
    forward,
    tangent,
    backward,
  });
  return [
    row('gradient of the surrogate', 1, 0, 1),
    row(`conjugate gradient: ${n} products F v`, n, n, n),
    row('length of the step: one more product', 1, 1, 1),
    row('old logits, and the entropy that is logged', 2, 0, 0),
    row(`line search: ${trials} ${trials === 1 ? 'length' : 'lengths'} tried`, trials, 0, 0),
  ];
}

/** PPO: each epoch goes over the rollout once, in minibatches. */
export function ppoPasses({ epochs }: Pick<PpoConfig, 'epochs'>): PassRow[] {
  const part = `gradient of the clipped surrogate: ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`;
  return [{ algorithm: 'PPO', part, forward: epochs, tangent: 0, backward: epochs }];
}

/** All of an algorithm's passes, and their work in forward passes: a tangent or a backward pass counts for two. */
export function totalPasses(rows: readonly PassRow[]) {
  const sum = (of: (row: PassRow) => number) => rows.reduce((total, row) => total + of(row), 0);
  const [forward, tangent, backward] = [sum((r) => r.forward), sum((r) => r.tangent), sum((r) => r.backward)];
  return { forward, tangent, backward, work: forward + 2 * tangent + 2 * backward };
}
