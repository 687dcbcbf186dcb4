/** The updates of one step: several passes over a rollout in minibatches, and what they measured. */
import { tf } from '../../engine/tensorflow';
import { InputError, requireCount } from '../../errors/inputError';
import { minibatches } from '../../math/minibatches';
import type { Random } from '../../math/random';
import { mean } from '../../math/statistics';
import { type Rows, takeRows } from '../rollouts/rows';

export interface MinibatchConfig {
  /** Passes over each rollout: the inner iterations. */
  readonly epochs: number;
  /** Parts into which a pass cuts the rollout's trajectories; each is one update. */
  readonly minibatches: number;
}

export interface Minibatch<R extends Rows> {
  readonly minibatch: R;
  /** Which trajectories of the rollout it holds. */
  readonly indices: readonly number[];
}

/** The minibatches of all epochs, in a new random order each; they are disposed of when the next is asked for. */
export function* minibatchesOf<R extends Rows>(
  batch: R,
  trajectories: number,
  { epochs, minibatches: parts }: MinibatchConfig,
  random: Random,
): Generator<Minibatch<R>, void> {
  requireCount('epochs', epochs);
  requireCount('minibatches', parts);
  if (trajectories % parts !== 0) {
    throw new InputError(
      `minibatches is ${parts}; expected a number that cuts ${trajectories} trajectories into equal parts.`,
    );
  }
  const order = minibatches(trajectories, trajectories / parts, random);
  for (let i = 0; i < epochs * parts; i++) {
    if (parts === 1) {
      yield { minibatch: batch, indices: Array.from({ length: trajectories }, (_, row) => row) };
      continue;
    }
    const { indices } = order.next().value;
    const minibatch = takeRows(batch, indices);
    try {
      yield { minibatch, indices };
    } finally {
      tf.dispose(minibatch as tf.TensorContainer);
    }
  }
}

/** The mean of each number over the updates; the least of a column that ends in _min, the largest of one in _max. */
export function summarize<N extends Readonly<Record<string, number>>>(updates: readonly N[]): N {
  const [first] = updates;
  if (!first) throw new Error('a step without an update has nothing to tell.');
  const summary = Object.keys(first).map((name) => {
    const values = updates.map((numbers) => numbers[name]!);
    if (name.endsWith('_min')) return [name, Math.min(...values)];
    if (name.endsWith('_max')) return [name, Math.max(...values)];
    return [name, mean(values)];
  });
  return Object.fromEntries(summary);
}
