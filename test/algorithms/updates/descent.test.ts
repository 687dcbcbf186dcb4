import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDescent, type Descent } from '../../../lib/algorithms/updates/descent';
import { tf } from '../../../lib/engine/tensorflow';
import { seededRandom } from '../../../lib/math/random';
import { createParameters, type Parameters } from '../../../lib/models/parameters';
import { expectClose } from '../../close';

/** Float32, through a dozen operations on numbers of size 1. */
const tolerance = 1e-6;

let parameters: Parameters;
let before: number;
beforeEach(() => {
  before = tf.memory().numTensors;
  parameters = createParameters({ x: { shape: [3], initial: 'ones' } }, seededRandom(1));
});
afterEach(() => {
  parameters.vector.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

/** Half the squared distance to the batch, whose gradient is the difference. */
const objective = (target: tf.Tensor1D) => {
  const difference = parameters.vector.sub<tf.Tensor1D>(target);
  return {
    loss: difference.square().sum().div<tf.Scalar>(2),
    difference,
    largest: difference.max<tf.Scalar>(),
  };
};

type Step = (target: number[]) => ReturnType<Descent<tf.Tensor1D, ReturnType<typeof objective>>['step']>;

/** Steps at the learning rate 0.5, while `use` runs. */
async function descending(use: (step: Step) => Promise<void>): Promise<void> {
  const descent = createDescent(parameters, objective, { maxGradNorm: 100 });
  try {
    await use(async (target) => {
      const batch = tf.tensor1d(target);
      try {
        return await descent.step(batch, { step: 7, learningRate: 0.5 });
      } finally {
        batch.dispose();
      }
    });
  } finally {
    descent.dispose();
  }
}

describe('createDescent', () => {
  it('tells all that the objective measured before the step, scalars as numbers', () =>
    descending(async (step) => {
      const { loss, difference, largest, grad_norm } = await step([1, 4, -3]);
      expectClose([loss, difference, largest, grad_norm], [12.5, 0, -3, 4, 4, 5], tolerance);
    }));

  it('takes the optimizer to the other side of the gradient', () =>
    descending(async (step) => {
      await step([1, 4, -3]);
      // Adam's first step is the learning rate times the gradient's sign, but for ε and for 1 − 0.999 in float32
      expectClose(Array.from(parameters.vector.dataSync()), [1, 1.5, 0.5], 1e-5);
    }));

  it('goes on down the gradient of each further batch', () =>
    descending(async (step) => {
      const losses = [];
      for (let i = 0; i < 40; i++) losses.push((await step([1, 4, -3])).loss);
      expect(Math.min(...losses)).toBeLessThan(0.5);
    }));

  it.each([
    ['a loss', [Number.NaN, 1, 1], 'loss NaN'],
    ['a gradient', [Number.POSITIVE_INFINITY, 1, 1], 'loss Infinity'],
  ])('stops at %s that is not finite, with the parameters as they were', (_, target, seen) =>
    descending(async (step) => {
      const error = await step(target).catch((thrown: Error) => thrown);
      expect((error as Error).message).toContain('step 7 was not taken');
      expect((error as Error).message).toContain(seen);
      expect((error as Error).message).toContain('grad_norm');
      expect(Array.from(parameters.vector.dataSync())).toEqual([1, 1, 1]);
      // and the optimizer has learnt nothing from it
      await step([1, 4, -3]);
      expectClose(Array.from(parameters.vector.dataSync()), [1, 1.5, 0.5], 1e-5);
    }),
  );
});
