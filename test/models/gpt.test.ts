import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { InputError } from '../../lib/errors/inputError';
import { seededRandom } from '../../lib/math/random';
import { type GptConfig, gptHiddenStates, gptSpecification } from '../../lib/models/gpt';
import { createParameters, unpack } from '../../lib/models/parameters';
import { expectClose } from '../close';

const config: GptConfig = { vocabularySize: 11, contextLength: 6, layers: 2, heads: 2, width: 8 };
const parameters = () => createParameters(gptSpecification(config), seededRandom(1));

function hiddenStates(rows: number[][]): number[][][] {
  return tf.tidy(() => {
    const ids = tf.tensor2d(rows, undefined, 'int32');
    return gptHiddenStates(unpack(parameters()), config, ids).arraySync();
  });
}

describe('gptHiddenStates', () => {
  it('does not see what comes later', () => {
    const [one, other] = hiddenStates([
      [3, 1, 4, 1, 5],
      [3, 1, 4, 9, 2],
    ]);
    expectClose(one!.slice(0, 3), other!.slice(0, 3), 1e-6);
    expect(Math.abs(one![3]![0]! - other![3]![0]!)).toBeGreaterThan(1e-3);
  });

  it('does not see padding on the right, nor the other rows of its batch', () => {
    const [alone] = hiddenStates([[3, 1, 4]]);
    const [, padded] = hiddenStates([
      [7, 7, 7, 7, 7],
      [3, 1, 4, 0, 0],
    ]);
    expectClose(padded!.slice(0, 3), alone, 1e-6);
  });

  it('tells positions apart', () => {
    const [row] = hiddenStates([[5, 5]]);
    expect(Math.abs(row![0]![0]! - row![1]![0]!)).toBeGreaterThan(1e-3);
  });

  it('sends a gradient to every parameter that its output depends on', () => {
    tf.tidy(() => {
      const { specification, vector } = parameters();
      const ids = tf.tensor2d([[3, 1, 4, 1, 5, 9]], undefined, 'int32');
      const weights = tf.tensor1d(Array.from({ length: 8 }, (_, i) => Math.cos(i)));
      const { grads } = tf.variableGrads(
        () => gptHiddenStates(unpack({ specification, vector }), config, ids).mul(weights).sum(),
        [vector],
      );
      const gradient = { specification, vector: grads[vector.name] as tf.Variable<tf.Rank.R1> };
      const parts = unpack(gradient);
      for (const name of Object.keys(specification)) {
        expect(parts(name).abs().max().dataSync()[0], name).toBeGreaterThan(0);
      }
      const tokens = parts('embedding.token').abs().max(1).arraySync() as number[];
      expect(tokens.map((largest) => largest > 0)).toEqual(
        Array.from({ length: 11 }, (_, token) => [3, 1, 4, 5, 9].includes(token)),
      );
    });
  });

  it('refuses a sequence beyond its context', () => {
    expect(() => hiddenStates([[1, 2, 3, 4, 5, 6, 7]])).toThrow("7 tokens; the model's context holds 6");
  });

  it('refuses heads that do not divide the width', () => {
    expect(() => gptSpecification({ ...config, heads: 3 })).toThrow(
      new InputError('a width of 8 cannot be shared by 3 heads.'),
    );
  });
});
