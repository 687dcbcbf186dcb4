/** What one step of a training loop costs, counted: the same in every run, on every machine with the same engine. */
import { compiling } from '../engine/compile';
import { tf } from '../engine/tensorflow';

export interface StepCost {
  /** Operations that the engine ran. */
  readonly kernels: number;
  /** The most that tensors took at any moment of the step beyond what they took before it, in bytes. */
  readonly peak_bytes: number;
}

/**
 * Runs a loop's first step under TensorFlow's profiler, which makes it slower, and ends the loop. The step is not
 * compiled: what a graph does, nobody can count.
 * @throws what the step throws
 */
export async function stepCost(loop: AsyncGenerator<unknown, unknown>): Promise<StepCost> {
  const before = tf.memory().numBytes;
  const { enabled } = compiling;
  compiling.enabled = false;
  try {
    const { peakBytes, kernels } = await tf.profile(async () => {
      await loop.next();
      return [];
    });
    return { kernels: kernels.length, peak_bytes: peakBytes - before };
  } finally {
    compiling.enabled = enabled;
    await loop.return(undefined);
  }
}
