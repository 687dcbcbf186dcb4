/** The kernels against PyTorch's own layers; on the native engine both the fused ones and what they stand for. */
import { describe, expect, it } from 'vitest';
import { attention } from '../../../lib/engine/kernels/attention';
import { withComposites } from '../../../lib/engine/kernels/fused';
import { biasGelu } from '../../../lib/engine/kernels/gelu';
import { layerNorm } from '../../../lib/engine/kernels/layerNorm';
import { tf } from '../../../lib/engine/tensorflow';
import { expectClose } from '../../close';
import golden from '../../golden/gpt.json';

/** Float32, and erf by a rational approximation in pure JavaScript: 5e-7 at most. */
const tolerance = 1e-5;

describe.each([
  ['as they run', (f: () => void) => f()],
  ['composed', (f: () => void) => withComposites(f)],
])('%s', (_, run) => {
  const tidily = (check: () => void) => () => {
    run(() => {
      tf.tidy(check);
    });
  };

  it(
    'biasGelu gives the golden values and slopes',
    tidily(() => {
      const { inputs, outputs } = golden.gelu_erf;
      const gelu = (x: tf.Tensor) => biasGelu(x.expandDims(1), tf.tensor1d([0])).flatten();
      const { value, grad } = tf.valueAndGrad((x) => gelu(x).sum())(tf.tensor1d(inputs.x));
      const sum = outputs.y.reduce((a, b) => a + b);
      expectClose(value.dataSync()[0], sum, tolerance);
      expectClose(Array.from(gelu(tf.tensor1d(inputs.x)).dataSync()), outputs.y, tolerance);
      expectClose(Array.from(grad.dataSync()), outputs.dy_dx, tolerance);
    }),
  );

  it(
    'layerNorm gives the golden values and gradients',
    tidily(() => {
      const { inputs, outputs } = golden.layer_norm;
      const upstream = tf.tensor2d(inputs.upstream);
      const normalize = (x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor) =>
        layerNorm(x as tf.Tensor2D, gain as tf.Tensor1D, bias as tf.Tensor1D);
      const x = tf.tensor2d(inputs.x);
      const [gain, bias] = [tf.tensor1d(inputs.weight), tf.tensor1d(inputs.bias)];
      expectClose(normalize(x, gain, bias).arraySync(), outputs.y, tolerance);
      const gradients = tf.grads((a, b, c) => normalize(a!, b!, c!).mul(upstream).sum())([x, gain, bias]);
      const expected = [outputs.dx, outputs.dweight, outputs.dbias];
      for (const [i, gradient] of gradients.entries()) {
        expectClose(gradient.arraySync(), expected[i], tolerance);
      }
    }),
  );

  it(
    'attention gives the golden values and gradients where each token sees itself and those before',
    tidily(() => {
      const { inputs, outputs } = golden.causal_attention;
      const [query, key, value, upstream] = [inputs.q, inputs.k, inputs.v, inputs.upstream].map((numbers) =>
        tf.tensor4d(numbers),
      ) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
      const [batch, heads, length, d] = query.shape;
      /** [B, heads, T, d] → [B·T, heads·d] */
      const rows = (x: tf.Tensor) =>
        x.transpose([0, 2, 1, 3]).reshape([batch * length, heads * d]) as tf.Tensor2D;
      const layout = { heads, prompts: batch, promptLength: length, responses: 0, responseLength: 0 };
      const attend = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
        attention(
          tf.concat2d([rows(q), rows(k), rows(v)], 1),
          tf.zeros([3 * heads * d]),
          tf.zeros([batch], 'int32'),
          layout,
        );
      const y = rows(tf.tensor4d(outputs.y)).arraySync();
      expectClose(attend(query, key, value).arraySync(), y, tolerance);
      const weighted = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
        attend(q, k, v).mul(rows(upstream)).sum();
      const gradients = tf.grads((q, k, v) => weighted(q!, k!, v!))([query, key, value]);
      const expected = [outputs.dq, outputs.dk, outputs.dv];
      expect(gradients).toHaveLength(3);
      for (const [i, gradient] of gradients.entries()) {
        expectClose(gradient.arraySync(), expected[i], tolerance);
      }
    }),
  );
});
