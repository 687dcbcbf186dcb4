/** Prints a digest and a few sums of what the fused kernels give at a size that is split among threads. */
import { createHash } from 'node:crypto';
import { adamW } from '../../../lib/engine/kernels/adamW';
import { attention } from '../../../lib/engine/kernels/attention';
import { biasGelu } from '../../../lib/engine/kernels/gelu';
import { layerNorm } from '../../../lib/engine/kernels/layerNorm';
import { tokenLogProbs } from '../../../lib/engine/kernels/logProbs';
import { biasResidual } from '../../../lib/engine/kernels/residual';
import { engine, tf } from '../../../lib/engine/tensorflow';
import { seededRandom } from '../../../lib/math/random';
import { createGptPolicy } from '../../../lib/models/gptPolicy';
import { sampleResponses } from '../../../lib/models/sampling';
import { integers, normals } from './randomTensors';

const random = seededRandom(1);
const layout = { heads: 4, prompts: 6, promptLength: 9, responses: 48, responseLength: 30 };
const [tokens, width] = [6 * 9 + 48 * 30, 128];
const starts = integers(random, layout.prompts, layout.promptLength);
const actions = integers(random, tokens, width);

function block(
  x: tf.Tensor2D,
  qkv: tf.Tensor2D,
  bias: tf.Tensor1D,
  wideBias: tf.Tensor1D,
  gain: tf.Tensor1D,
) {
  const sum = biasResidual(x, attention(qkv, wideBias, starts, layout), bias);
  return tokenLogProbs(biasGelu(layerNorm(sum, gain, bias), bias), actions);
}

const shapes = [[tokens, width], [tokens, 3 * width], [width], [3 * width], [width]];
const inputs = shapes.map((shape) => normals(random, ...shape));
const loss = (...x: tf.Tensor[]) => block(...(x as Parameters<typeof block>)).sum();
const { value, grads } = tf.valueAndGrads(loss)(inputs);
const one = tf.scalar(1);
const scalars = { learningRate: one, meanWeight: one, squareWeight: one, scale: one };
const vector = () => normals(random, 200_000).square() as tf.Tensor1D;
const vectors = { parameters: vector(), mean: vector(), square: vector(), gradient: vector() };
const stepped = adamW(vectors, scalars, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 });

const results = [value, ...grads, ...stepped];
const model = { layers: 2, heads: 4, width: 64, vocabularySize: 20, contextLength: 32 };
const prompts = {
  ids: integers(random, 6 * 8, 20).reshape<tf.Tensor2D>([6, 8]),
  starts: tf.zeros([6], 'int32'),
};
const noise = tf.tensor2d(
  Array.from({ length: 66 }, () => Array.from({ length: 16 }, () => random.uniform())),
);
const sampled = sampleResponses(
  createGptPolicy(model, random),
  prompts as { ids: tf.Tensor2D; starts: tf.Tensor1D },
  noise,
  { maxTokens: 16, temperature: 1, stopToken: 0 },
);

function digestOf(tensors: readonly tf.Tensor[]): string {
  const digest = createHash('sha256');
  for (const tensor of tensors) digest.update(new Uint8Array(tensor.dataSync().buffer));
  return digest.digest('hex');
}

console.log(
  JSON.stringify({
    threads: engine.threads,
    digest: digestOf(results),
    sampled: digestOf(Object.values(sampled)),
    sums: results.map((result) => result.square().sum().dataSync()[0]),
  }),
);
