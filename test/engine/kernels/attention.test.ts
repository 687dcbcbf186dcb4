import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AttentionLayout, attention } from '../../../lib/engine/kernels/attention';
import { withComposites } from '../../../lib/engine/kernels/fused';
import { engine, tf } from '../../../lib/engine/tensorflow';
import { seededRandom } from '../../../lib/math/random';
import { expectClose } from '../../close';
import { expectDifferentiated, expectLikeComposite, expectSame } from './compare';
import { integers, normals } from './randomTensors';

/** Some heads are of a width that is compiled apart, some of none that vectors fit. */
const layouts = fc
  .record({
    heads: fc.integer({ min: 1, max: 3 }),
    d: fc.constantFrom(1, 5, 8, 16, 17, 32, 64),
    prompts: fc.integer({ min: 1, max: 3 }),
    promptLength: fc.integer({ min: 1, max: 9 }),
    group: fc.integer({ min: 0, max: 3 }),
    responseLength: fc.integer({ min: 1, max: 40 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
  })
  .map(({ group, responseLength, ...others }) => ({
    ...others,
    responses: group * others.prompts,
    responseLength: group ? responseLength : 0,
  }));

type Example = AttentionLayout & { readonly d: number; readonly seed: number };

function example(layout: Example) {
  const { heads, d, prompts, promptLength, responses, responseLength, seed } = layout;
  const random = seededRandom(seed);
  const tokens = prompts * promptLength + responses * responseLength;
  const starts = integers(random, prompts, promptLength);
  const inputs = [normals(random, tokens, 3 * heads * d), normals(random, 3 * heads * d)];
  const f = (qkv: tf.Tensor, bias: tf.Tensor) =>
    attention(qkv as tf.Tensor2D, bias as tf.Tensor1D, starts, layout);
  return { f: f as (...inputs: tf.Tensor[]) => tf.Tensor, inputs, starts };
}

/** Attention in double precision, token by token. */
function slowly(qkv: number[][], bias: number[], starts: number[], layout: Example): number[][] {
  const { heads, d, prompts, promptLength, responses, responseLength } = layout;
  const rows = qkv.map((row) => row.map((value, j) => value + bias[j]!));
  const part = (token: number, which: number, head: number) => {
    const first = (which * heads + head) * d;
    return rows[token]!.slice(first, first + d);
  };
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const mix = (token: number, seen: number[]) =>
    Array.from({ length: heads }, (_, head) => {
      const weights = seen.map((key) =>
        Math.exp(dot(part(token, 0, head), part(key, 1, head)) / Math.sqrt(d)),
      );
      const total = weights.reduce((a, b) => a + b, 0);
      return Array.from({ length: d }, (_, j) =>
        seen.reduce((sum, key, i) => sum + (weights[i]! / total) * part(key, 2, head)[j]!, 0),
      );
    }).flat();
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  const promptKeys = (prompt: number, until: number) =>
    range(prompt * promptLength + starts[prompt]!, prompt * promptLength + until);
  const ofPrompts = range(0, prompts * promptLength).map((token) => {
    const [prompt, column] = [Math.floor(token / promptLength), token % promptLength];
    return mix(token, column < starts[prompt]! ? [token] : promptKeys(prompt, column + 1));
  });
  const ofResponses = range(0, responses * responseLength).map((index) => {
    const [response, column] = [Math.floor(index / responseLength), index % responseLength];
    const prompt = Math.floor(response / (responses / prompts));
    const token = prompts * promptLength + index;
    return mix(token, [...promptKeys(prompt, promptLength), ...range(token - column, token + 1)]);
  });
  return [...ofPrompts, ...ofResponses];
}

describe('attention', () => {
  it.runIf(engine.fused)('is its composite, with the same gradients and tangents, in any layout', () => {
    fc.assert(
      fc.property(layouts, (layout) =>
        tf.tidy(() => {
          const { f, inputs } = example(layout);
          expectLikeComposite(f, inputs, seededRandom(layout.seed + 1));
        }),
      ),
      { numRuns: 40 },
    );
  });

  it.each([
    { heads: 2, d: 5, prompts: 2, promptLength: 3, responses: 4, responseLength: 3, seed: 1 },
    { heads: 1, d: 16, prompts: 2, promptLength: 1, responses: 2, responseLength: 18, seed: 2 },
    { heads: 1, d: 3, prompts: 3, promptLength: 4, responses: 0, responseLength: 0, seed: 3 },
  ])(
    'is the equation, with the gradient and the tangent of its value: $heads × $d, $responses responses',
    (layout) => {
      tf.tidy(() => {
        const { f, inputs, starts } = example(layout);
        const [qkv, bias] = inputs.map((input) => input.arraySync());
        const expected = slowly(qkv as number[][], bias as number[], starts.arraySync(), layout);
        expectClose(f(...inputs).arraySync(), expected, 2e-6);
        expectDifferentiated(f, inputs, seededRandom(layout.seed + 1));
      });
    },
  );

  it('gives a response what it gets with a prompt of its own', () => {
    tf.tidy(() => {
      const random = seededRandom(4);
      const [d, promptLength, responseLength] = [8, 3, 5];
      const [prompt, first, second] = [promptLength, responseLength, responseLength].map((rows) =>
        normals(random, rows, 3 * d),
      ) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const bias = normals(random, 3 * d) as tf.Tensor1D;
      const starts = tf.tensor1d([1], 'int32');
      const run = (...responses: tf.Tensor2D[]) =>
        attention(tf.concat([prompt, ...responses]), bias, starts, {
          heads: 2,
          prompts: 1,
          promptLength,
          responses: responses.length,
          responseLength,
        }).slice(promptLength);
      expectSame(run(first, second), tf.concat([run(first), run(second)]), 1e-6);
    });
  });

  it.runIf(engine.fused)('sees nothing that comes later, whatever it is', () => {
    tf.tidy(() => {
      const random = seededRandom(5);
      const layout = { heads: 1, prompts: 1, promptLength: 20, responses: 1, responseLength: 20 };
      const bias = tf.zeros([48]) as tf.Tensor1D;
      const starts = tf.tensor1d([2], 'int32');
      const qkv = normals(random, 40, 48) as tf.Tensor2D;
      const far = tf.concat([tf.zeros([30, 48]), tf.fill([10, 48], 1e30)]) as tf.Tensor2D;
      const seen = (x: tf.Tensor2D) => attention(x, bias, starts, layout).slice(0, 30);
      expect(seen(qkv.add(far)).arraySync()).toEqual(seen(qkv).arraySync());
    });
  });

  it('lets NaN through', () => {
    tf.tidy(() => {
      const layout = { heads: 1, prompts: 1, promptLength: 3, responses: 0, responseLength: 0 };
      const starts = tf.tensor1d([0], 'int32');
      const bias = tf.zeros([12]) as tf.Tensor1D;
      const rows = [1, 2, 3].map((row) => Array.from({ length: 12 }, (_, j) => Math.sin(row * j)));
      rows[1]![0] = Number.NaN;
      const run = (x: tf.Tensor) => attention(x as tf.Tensor2D, bias, starts, layout);
      const output = run(tf.tensor2d(rows)).arraySync();
      expect(output.map((row) => row.some(Number.isNaN))).toEqual([false, true, false]);
      expect(tf.grad(run)(tf.tensor2d(rows)).isNaN().any().dataSync()[0]).toBe(1);
    });
  });

  it.runIf(engine.fused)('refuses a layout that does not fit, by what is wrong with it', () => {
    const starts = tf.tensor1d([0, 0], 'int32');
    const bias = tf.zeros([12]) as tf.Tensor1D;
    const layout = { heads: 2, prompts: 2, promptLength: 3, responses: 2, responseLength: 1 };
    const run = (tokens: number, changed: Partial<AttentionLayout>) => () =>
      attention(tf.zeros([tokens, 12]), bias, starts, { ...layout, ...changed });
    expect(run(8, {})).not.toThrow();
    expect(run(7, {})).toThrow('qkv is not [tokens, 3 · width]');
    expect(run(9, { responses: 3 })).toThrow('not shared evenly by prompts');
    expect(run(8, { heads: 3 })).toThrow('not shared evenly by heads');
    expect(run(5, { prompts: 1 })).toThrow('one start for each prompt');
    expect(withComposites(run(8, {}))).toBeDefined();
  });
});
