import { expect, it } from 'vitest';
import { cutOffKey } from '../../lib/engine/cutOff';
import { tf } from '../../lib/engine/tensorflow';

const square = () =>
  tf
    .grad((x) => tf.sum(tf.square(x)))(tf.tensor1d([3]))
    .dataSync()[0];

it('computes gradients after a gradient was cut off in the middle', () => {
  const { state } = tf.engine() as unknown as {
    state: { gradientDepth: number; activeTape: unknown; scopeStack: unknown[] };
  };
  // what stays when code inside a gradient stops without its `finally` blocks
  tf.engine().startScope('cut off');
  state.activeTape = [];
  tf.square(tf.tensor1d([1]));
  state.gradientDepth = 2;
  (globalThis as unknown as { [cutOffKey](): void })[cutOffKey]();
  expect(state.scopeStack).toEqual([]);
  expect(square()).toBe(6);
});
