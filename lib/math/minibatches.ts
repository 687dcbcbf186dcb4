import type { Random } from './random';

/**
 * Endless minibatches: each epoch takes the examples in a new random order, and leaves out what does not fill a
 * batch, so that each batch has the same shape. A set smaller than a batch is one batch.
 */
export function* minibatches(
  examples: number,
  batchSize: number,
  random: Random,
): Generator<{ readonly epoch: number; readonly indices: readonly number[] }, never> {
  if (examples < 1) throw new Error('there are no examples to train on.');
  const size = Math.min(batchSize, examples);
  for (let epoch = 1; ; epoch++) {
    const order = random.permutation(examples);
    for (let start = 0; start + size <= examples; start += size) {
      yield { epoch, indices: order.slice(start, start + size) };
    }
  }
}
