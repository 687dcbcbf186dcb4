/** What one step of a training loop costs, counted: the same in every run, on every machine with the same engine. */
import { tf } from '../engine/tensorflow';

export interface StepCost {
  /** Operations that the engine ran. */
  readonly kernels: number;
  /** The most that tensors took at any moment of the step beyond what they took before it, in bytes. */
  readonly peak_bytes: number;
}

/**
 * Runs a loop's first step under TensorFlow's profiler, which makes it slower, and ends the loop.
 * @throws what the step throws
 */
export async function stepCost(loop: AsyncGenerator<unknown, unknown>): Promise<StepCost> {
  const before = tf.memory().numBytes;
  try {
    const { peakBytes, kernels } = await tf.profile(async () => {
      await loop.next();
      return [];
    });
    return { kernels: kernels.length, peak_bytes: peakBytes - before };
  } finally {
    await loop.return(undefined);
  }
}
