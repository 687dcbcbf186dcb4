/**
 * What a policy or a critic learns from one response or one walk: a target at each of some consecutive steps, an
 * action for the one and a return for the other. Plain numbers, of which a minibatch makes tensors.
 */
import { tf } from '../../engine/tensorflow';
import type { States } from '../../models/policy';

export interface StepTargets {
  /** The number of what is seen at each step: of a token, or of a state. */
  readonly seen: readonly number[];
  /** The step of the first target; there is none before it, such as in a prompt. */
  readonly start: number;
  readonly targets: readonly number[];
}

/** What a model takes its states from: B rows of T numbers, int32, with 0 after their ends. */
export type See<S extends States> = (seen: tf.Tensor2D) => S;

export type TargetBatch = {
  /** [B, T] int32 */
  readonly seen: tf.Tensor2D;
  /** [B, T] */
  readonly targets: tf.Tensor2D;
  /** [B, T] 1 where there is a target */
  readonly mask: tf.Tensor2D;
};

/** T, the steps of the longest example. */
export function longestSeen(examples: readonly StepTargets[]): number {
  return examples.reduce((longest, { seen }) => Math.max(longest, seen.length), 0);
}

export function targetBatch(examples: readonly StepTargets[], steps: number): TargetBatch {
  const shape: [number, number] = [examples.length, steps];
  const seen = new Int32Array(examples.length * steps);
  const targets = new Float32Array(examples.length * steps);
  const mask = new Float32Array(examples.length * steps);
  examples.forEach((example, b) => {
    const start = b * steps + example.start;
    seen.set(example.seen, b * steps);
    targets.set(example.targets, start);
    mask.fill(1, start, start + example.targets.length);
  });
  return {
    seen: tf.tensor2d(seen, shape, 'int32'),
    targets: tf.tensor2d(targets, shape),
    mask: tf.tensor2d(mask, shape),
  };
}
