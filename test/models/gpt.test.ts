import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { InputError } from '../../lib/errors/inputError';
import { seededRandom } from '../../lib/math/random';
import {
  attentionBias,
  type GptConfig,
  gelu,
  gptHiddenStates,
  gptSpecification,
  layerNorm,
  scaledAttention,
} from '../../lib/models/gpt';
import { createParameters, type ParameterLookup, unpack } from '../../lib/models/parameters';
import { expectClose } from '../close';
import golden from '../golden/gpt.json';

/** Float32, and erf by a rational approximation in pure JavaScript: 5e-7 at most. */
const tolerance = 1e-5;

const config: GptConfig = { vocabularySize: 11, contextLength: 6, layers: 2, heads: 2, width: 8 };
const parameters = () => createParameters(gptSpecification(config), seededRandom(1));

function hiddenStates(rows: number[][]): number[][][] {
  return tf.tidy(() => {
    const ids = tf.tensor2d(rows, undefined, 'int32');
    return gptHiddenStates(unpack(parameters()), config, ids).arraySync();
  });
}

describe('gelu', () => {
  it('gives the golden values and slopes', () => {
    const { inputs, outputs } = golden.gelu_erf;
    tf.tidy(() => {
      const { value, grad } = tf.valueAndGrad((x) => gelu(x).sum())(tf.tensor1d(inputs.x));
      expectClose(
        value.dataSync()[0],
        outputs.y.reduce((a, b) => a + b),
        1e-5,
      );
      expectClose(Array.from(gelu(tf.tensor1d(inputs.x)).dataSync()), outputs.y, tolerance);
      expectClose(Array.from(grad.dataSync()), outputs.dy_dx, tolerance);
    });
  });
});

describe('layerNorm', () => {
  const { inputs, outputs } = golden.layer_norm;

  it('gives the golden values and gradients', () => {
    tf.tidy(() => {
      const upstream = tf.tensor2d(inputs.upstream);
      const normalize = (x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor) => {
        const lookup: ParameterLookup = (name) => (name === 'norm.gain' ? gain : bias);
        return layerNorm(lookup, 'norm', x as tf.Tensor2D);
      };
      const x = tf.tensor2d(inputs.x);
      const [gain, bias] = [tf.tensor1d(inputs.weight), tf.tensor1d(inputs.bias)];
      expectClose(normalize(x, gain, bias).arraySync(), outputs.y, tolerance);
      const gradients = tf.grads((a, b, c) => normalize(a!, b!, c!).mul(upstream).sum())([x, gain, bias]);
      const expected = [outputs.dx, outputs.dweight, outputs.dbias];
      for (const [i, gradient] of gradients.entries()) {
        expectClose(gradient.arraySync(), expected[i], tolerance);
      }
    });
  });
});

describe('scaledAttention', () => {
  it('gives the golden values and gradients where each token sees itself and those before', () => {
    const { inputs, outputs } = golden.causal_attention;
    tf.tidy(() => {
      const [query, key, value, upstream] = [inputs.q, inputs.k, inputs.v, inputs.upstream].map((numbers) =>
        tf.tensor4d(numbers),
      ) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
      const attend = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
        scaledAttention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, attentionBias(0, 5, null));
      expectClose(attend(query, key, value).arraySync(), outputs.y, tolerance);
      const gradients = tf.grads((q, k, v) => attend(q!, k!, v!).mul(upstream).sum())([query, key, value]);
      const expected = [outputs.dq, outputs.dk, outputs.dv];
      for (const [i, gradient] of gradients.entries()) {
        expectClose(gradient.arraySync(), expected[i], tolerance);
      }
    });
  });
});

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
