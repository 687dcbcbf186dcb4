/**
 * What a training loop remembers from step to step, besides its models' parameters. Whoever keeps both can go on from
 * any step, as if nothing had been in between: random numbers come from a stream of each step's own.
 */
import { tf } from '../../engine/tensorflow';
import { InputError } from '../../errors/inputError';

/** The state of an optimizer by name, such as AdamW's two moments. */
export type OptimizerState = Readonly<Record<string, tf.Variable>>;

export interface Memory {
  /** Steps that were taken; the loop goes on with the next. */
  step: number;
  /** Coefficients that are steered from step to step, by name. */
  readonly coefficients: Record<string, number>;
  /** By the name of what it optimizes: while the loop runs, the variables that it goes on to change. */
  readonly optimizers: Record<string, OptimizerState>;
  /** What the optimizers are to begin with in place of nothing, by the same names. */
  readonly saved: Readonly<Record<string, Readonly<Record<string, Float32Array>>>>;
}

/** Of a loop at its start. */
export function newMemory(): Memory {
  return { step: 0, coefficients: {}, optimizers: {}, saved: {} };
}

/**
 * Puts an optimizer's state into the memory; where the memory came with a saved one, the optimizer goes on from that.
 * @throws InputError where what was saved is not of this optimizer
 */
export function remember(memory: Memory, name: string, state: OptimizerState): void {
  const saved = memory.saved[name];
  if (saved) {
    for (const [part, variable] of Object.entries(state)) {
      const values = saved[part];
      if (values?.length !== variable.size) {
        throw new InputError(
          `the saved state of the optimizer "${name}" has ${values?.length ?? 0} numbers in "${part}"; expected ${variable.size}.`,
        );
      }
      tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
    }
  }
  memory.optimizers[name] = state;
}
