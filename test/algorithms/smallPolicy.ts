/** A policy with one hidden layer of tanh over numbered states, as the golden scripts build it. */
import { tf } from '../../lib/engine/tensorflow';
import { type ParameterLookup, type Parameters, unpack } from '../../lib/models/parameters';
import type { Policy } from '../../lib/models/policy';

export interface NumberedStates extends Readonly<Record<string, tf.Tensor>> {
  /** [B, T] int32 */
  readonly positions: tf.Tensor2D;
}

export function smallPolicy(
  [states, hidden, actions]: readonly [number, number, number],
  theta: readonly number[],
): Policy<NumberedStates> {
  const zeros = (...shape: number[]) => ({ shape, initial: 'zeros' as const });
  const parameters: Parameters = {
    specification: {
      w1: zeros(states, hidden),
      b1: zeros(hidden),
      w2: zeros(hidden, actions),
      b2: zeros(actions),
    },
    vector: tf.tidy(() => tf.variable(tf.tensor1d([...theta]))),
  };
  function logits(
    { positions }: NumberedStates,
    steps: number,
    parameter: ParameterLookup = unpack(parameters),
  ) {
    return tf.tidy(() => {
      const rows = tf.oneHot(positions.flatten(), states);
      const inner = rows.matMul(parameter('w1')).add(parameter('b1')).tanh();
      const outer = inner.matMul(parameter('w2')).add(parameter('b2'));
      return outer.reshape<tf.Tensor3D>([positions.shape[0], steps, actions]);
    });
  }
  return { parameters, logits };
}

/** The probabilities of a small policy's actions in given states, in float64. */
export function smallPolicyInFloat64(
  [states, hidden, actions]: readonly [number, number, number],
  theta: readonly number[],
  positions: readonly number[],
): number[][] {
  const [b1, w2, b2] = [states * hidden, (states + 1) * hidden, (states + 1 + actions) * hidden];
  return positions.map((state) => {
    const inner = Array.from({ length: hidden }, (_, h) =>
      Math.tanh(theta[state * hidden + h]! + theta[b1 + h]!),
    );
    const logits = Array.from({ length: actions }, (_, a) =>
      inner.reduce((sum, value, h) => sum + value * theta[w2 + h * actions + a]!, theta[b2 + a]!),
    );
    const largest = Math.max(...logits);
    const total = logits.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    return logits.map((value) => Math.exp(value - largest) / total);
  });
}
