/**
 * An interrupt cuts synchronous code off where it stands, and no `finally` of it runs. TensorFlow.js would then
 * believe for ever that it is inside the gradient or the tidy that was cut off: every later gradient fails.
 * The kernel calls what lies under this key after it has cut code off.
 */
import type * as tf from '@tensorflow/tfjs';

export const cutOffKey = Symbol.for('lab.kernel.cutOff');

/** The part of the engine's state that says where in a computation it is. */
interface EngineState {
  readonly scopeStack: readonly unknown[];
  gradientDepth: number;
  kernelDepth: number;
  activeTape: unknown;
}

/** Leaves the kernel a function that brings TensorFlow.js back to the outside of every computation. */
export function recoverWhenCutOff(engine: ReturnType<typeof tf.engine>): void {
  const { state } = engine as unknown as { state: EngineState };
  const recover = () => {
    while (state.scopeStack.length > 0) engine.endScope();
    Object.assign(state, { gradientDepth: 0, kernelDepth: 0, activeTape: null });
  };
  Object.assign(globalThis, { [cutOffKey]: recover });
}
