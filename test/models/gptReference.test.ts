import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import type { GptPolicy, TokenStates } from '../../lib/models/gptPolicy';
import { unpack } from '../../lib/models/parameters';
import { leftPad } from '../../lib/models/sequences';
import { expectClose } from '../close';
import golden from '../golden/gptReference.json';
import { config, formulaPolicy } from './formulaGpt';

/** Float32 carries 7 digits; two layers lose less than two of them, and the cpu engine's erf is good to 5e-7. */
const tolerance = 1e-5;

const { rows } = golden.inputs;
const length = Math.max(...rows.map((row) => row.length));

/** A batch of the golden rows and, for each row, the column of its first token. */
interface PaddedRows {
  readonly states: TokenStates;
  readonly first: readonly number[];
}

const paddings: Readonly<Record<string, () => PaddedRows>> = {
  right: () => ({
    states: {
      ids: tf.tensor2d(
        rows.map((row) => [...row, ...new Array<number>(length - row.length).fill(0)]),
        undefined,
        'int32',
      ),
      starts: tf.zeros<tf.Rank.R1>([rows.length], 'int32'),
    },
    first: rows.map(() => 0),
  }),
  left: () => ({ states: leftPad(rows, length), first: rows.map((row) => length - row.length) }),
};

/** The golden objective's weight of each logit, 0 on padding: [B, T, V]. */
function logitWeights(first: readonly number[]): tf.Tensor3D {
  return tf.tensor3d(
    rows.map((row, b) =>
      Array.from({ length }, (_, column) => {
        const t = column - first[b]!;
        const real = t >= 0 && t < row.length;
        return Array.from({ length: config.vocabularySize }, (_, v) =>
          real ? Math.cos(0.7 * b + 0.3 * t + 1.1 * v) : 0,
        );
      }),
    ),
  );
}

/** The gradient of the golden objective, by each parameter's name. */
function gradientByName({ parameters, logits }: GptPolicy, { states, first }: PaddedRows) {
  const { specification, vector } = parameters;
  const { grads } = tf.variableGrads(
    () => logits(states, length).mul(logitWeights(first)).sum() as tf.Scalar,
    [vector],
  );
  const parts = unpack({ specification, vector: grads[vector.name] as tf.Tensor1D });
  return Object.keys(specification).map((name) => [name, Array.from(parts(name).dataSync())] as const);
}

describe.each(['tied', 'untied'] as const)('with the %s head', (head) => {
  const expected = golden.outputs[head];
  const policy = () => formulaPolicy(head === 'tied');

  it('has the shape of the golden model', () => {
    expect(config).toEqual(golden.params);
    tf.tidy(() => {
      expect(Object.keys(policy().parameters.specification)).toEqual(Object.keys(expected.gradient));
    });
  });

  it.each(Object.keys(paddings))('gives the golden logits of rows padded on the %s', (side) => {
    tf.tidy(() => {
      const { states, first } = paddings[side]!();
      const logits = policy().logits(states, length).arraySync();
      rows.forEach((row, b) => {
        expectClose(logits[b]!.slice(first[b]!, first[b]! + row.length), expected.logits[b], tolerance);
      });
    });
  });

  it.each(Object.keys(paddings))('gives the golden gradients of rows padded on the %s', (side) => {
    tf.tidy(() => {
      const gradients: Readonly<Record<string, readonly number[]>> = expected.gradient;
      for (const [name, gradient] of gradientByName(policy(), paddings[side]!())) {
        expectClose(gradient, gradients[name], tolerance);
      }
    });
  });

  it('gives the last steps alone where fewer are asked for', () => {
    tf.tidy(() => {
      const logits = policy().logits(leftPad(rows, length), 3).arraySync();
      expectClose(
        logits,
        expected.logits.map((row) => row.slice(-3)),
        tolerance,
      );
    });
  });
});
