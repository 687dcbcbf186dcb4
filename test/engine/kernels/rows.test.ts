/** The functions of single rows: layer normalization, GELU, the residual sum, look-ups and log-probs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jacobianVectorProduct } from '../../../lib/engine/forwardMode';
import { biasGelu } from '../../../lib/engine/kernels/gelu';
import { layerNorm } from '../../../lib/engine/kernels/layerNorm';
import { tokenLogProbs } from '../../../lib/engine/kernels/logProbs';
import { lookup } from '../../../lib/engine/kernels/lookup';
import { biasResidual } from '../../../lib/engine/kernels/residual';
import { engine, tf } from '../../../lib/engine/tensorflow';
import { seededRandom } from '../../../lib/math/random';
import { type Differentiable, expectDifferentiated, expectLikeComposite } from './compare';
import { integers, normals } from './randomTensors';

interface Size {
  readonly rows: number;
  readonly width: number;
  readonly seed: number;
}

const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 40 }),
  width: fc.integer({ min: 2, max: 150 }),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

/** Each with random arguments of a size. */
const functions: Record<string, (size: Size) => { f: Differentiable; inputs: tf.Tensor[] }> = {
  layerNorm: ({ rows, width: other, seed }) => {
    const random = seededRandom(seed);
    // two or three numbers that happen to be close would be divided by their small deviation, and with them their rounding
    const width = 6 + other;
    return {
      f: (x, gain, bias) => layerNorm(x as tf.Tensor2D, gain as tf.Tensor1D, bias as tf.Tensor1D),
      inputs: [normals(random, rows, width), normals(random, width), normals(random, width)],
    };
  },
  biasGelu: ({ rows, width, seed }) => {
    const random = seededRandom(seed);
    return {
      f: (x, bias) => biasGelu(x as tf.Tensor2D, bias as tf.Tensor1D),
      inputs: [normals(random, rows, width).mul(2), normals(random, width)],
    };
  },
  biasResidual: ({ rows, width, seed }) => {
    const random = seededRandom(seed);
    return {
      f: (x, y, bias) => biasResidual(x as tf.Tensor2D, y as tf.Tensor2D, bias as tf.Tensor1D),
      inputs: [normals(random, rows, width), normals(random, rows, width), normals(random, width)],
    };
  },
  lookup: ({ rows, width, seed }) => {
    const random = seededRandom(seed);
    const ids = integers(random, 2 * rows, rows + 1);
    return { f: (table) => lookup(table as tf.Tensor2D, ids), inputs: [normals(random, rows + 1, width)] };
  },
  tokenLogProbs: ({ rows, width, seed }) => {
    const random = seededRandom(seed);
    const actions = integers(random, rows, width);
    return {
      f: (logits) => tokenLogProbs(logits as tf.Tensor2D, actions),
      inputs: [normals(random, rows, width).mul(3)],
    };
  },
};

describe.each(Object.entries(functions))('%s', (name, make) => {
  it.runIf(engine.fused)('is its composite, with the same gradients and tangents, at any size', () => {
    fc.assert(
      fc.property(sizes, (size) =>
        tf.tidy(() => {
          const { f, inputs } = make(size);
          expectLikeComposite(f, inputs, seededRandom(size.seed + 1));
        }),
      ),
      { numRuns: 30 },
    );
  });

  it('has the gradient and the tangent of its value', () => {
    tf.tidy(() => {
      const { f, inputs } = make({ rows: 3, width: 7, seed: 1 });
      expectDifferentiated(f, inputs, seededRandom(2));
    });
  });

  it('lets NaN through, and keeps it in its row', () => {
    tf.tidy(() => {
      const { f, inputs } = make({ rows: 6, width: 21, seed: 3 });
      const [first, ...others] = inputs;
      const values = first!.arraySync() as number[][];
      values[1]![20] = Number.NaN;
      const output = f(tf.tensor2d(values), ...others);
      const broken = output.isNaN().reshape([output.shape[0]!, -1]).any(1).arraySync();
      expect(broken).toContain(1);
      // a row of a table may be looked up several times
      if (name !== 'lookup') expect(broken).toEqual([0, 1, 0, 0, 0, 0]);
    });
  });

  it('leaves no tensor behind', () => {
    const { f, inputs } = make({ rows: 3, width: 5, seed: 4 });
    const before = tf.memory().numTensors;
    tf.dispose(tf.grads((...x: tf.Tensor[]) => f(...x))(inputs));
    tf.dispose(jacobianVectorProduct(() => f(...inputs), inputs[0]!, inputs[0]!));
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(inputs);
  });
});
