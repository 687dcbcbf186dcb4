/**
 * What each fused kernel gains: the least time of many runs, forward, and forward with backward, as composed of
 * TensorFlow.js's operations and fused.
 *   node -r ./lib/workspace/typescriptModules.cjs test/benchmarks/kernels.ts [XS|S|M]
 */
import { adamW } from '../../lib/engine/kernels/adamW';
import { attention } from '../../lib/engine/kernels/attention';
import { decodeAttention, decodeCache } from '../../lib/engine/kernels/decodeAttention';
import { withComposites } from '../../lib/engine/kernels/fused';
import { biasGelu } from '../../lib/engine/kernels/gelu';
import { layerNorm } from '../../lib/engine/kernels/layerNorm';
import { tokenLogProbs } from '../../lib/engine/kernels/logProbs';
import { lookup } from '../../lib/engine/kernels/lookup';
import { biasResidual } from '../../lib/engine/kernels/residual';
import { sampleTokens } from '../../lib/engine/kernels/sampling';
import { engine, ready, tf } from '../../lib/engine/tensorflow';

/** 64 responses of 23 tokens, as when each has a prompt of its own: 1472 tokens. */
const sizes = {
  XS: { width: 64, heads: 4, layers: 2 },
  S: { width: 128, heads: 4, layers: 4 },
  M: { width: 384, heads: 6, layers: 6 },
};
const tokens = 1472;
const vocabulary = 32;

type Floats = tf.Tensor[];

interface Case {
  /** Float32 arguments, which get gradients. */
  readonly inputs: Floats;
  readonly run: (...inputs: Floats) => tf.Tensor | tf.Tensor[];
  readonly differentiable?: boolean;
  /** Numbers that the fused kernel reads and writes, forward, at the least. */
  readonly traffic: number;
}

const floats = (...shape: number[]) => tf.randomNormal(shape) as tf.Tensor;
const numbers = (below: number, count: number) =>
  tf.randomUniform([count], 0, below, 'int32').toInt() as tf.Tensor1D;

function cases({ width, heads, layers }: (typeof sizes)['XS']): Record<string, Case> {
  const layout = { heads, prompts: 8, promptLength: 8, responses: 64, responseLength: 22 };
  const starts = tf.zeros([8], 'int32') as tf.Tensor1D;
  const ids = numbers(vocabulary, tokens);
  const parameters = layers * 12 * width * width;
  const scalar = (value: number) => tf.scalar(value);
  const scalars = {
    learningRate: scalar(1e-3),
    meanWeight: scalar(0.1),
    squareWeight: scalar(0.001),
    scale: scalar(1),
  };
  const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
  const decodeLayout = { ...layout, responseLength: 16 };
  const past = {
    bias: tf.zeros([3 * width]) as tf.Tensor1D,
    promptQkv: floats(64, 3 * width) as tf.Tensor2D,
    starts,
    cache: decodeCache(decodeLayout, width),
    position: tf.scalar(15, 'int32'),
  };
  const noise = tf.randomUniform([64, 1]) as tf.Tensor2D;
  return {
    layerNorm: {
      inputs: [floats(tokens, width), floats(width), floats(width)],
      run: (x, gain, bias) => layerNorm(x as tf.Tensor2D, gain as tf.Tensor1D, bias as tf.Tensor1D),
      traffic: 2 * tokens * width,
    },
    biasGelu: {
      inputs: [floats(tokens, 4 * width), floats(4 * width)],
      run: (x, bias) => biasGelu(x as tf.Tensor2D, bias as tf.Tensor1D),
      traffic: 8 * tokens * width,
    },
    biasResidual: {
      inputs: [floats(tokens, width), floats(tokens, width), floats(width)],
      run: (x, y, bias) => biasResidual(x as tf.Tensor2D, y as tf.Tensor2D, bias as tf.Tensor1D),
      traffic: 3 * tokens * width,
    },
    attention: {
      inputs: [floats(tokens, 3 * width), floats(3 * width)],
      run: (qkv, bias) => attention(qkv as tf.Tensor2D, bias as tf.Tensor1D, starts, layout),
      traffic: 4 * tokens * width,
    },
    lookup: {
      inputs: [floats(vocabulary, width)],
      run: (table) => lookup(table as tf.Tensor2D, ids),
      traffic: 2 * tokens * width,
    },
    tokenLogProbs: {
      inputs: [floats(tokens, vocabulary)],
      run: (logits) => tokenLogProbs(logits as tf.Tensor2D, ids),
      traffic: tokens * vocabulary,
    },
    adamW: {
      inputs: [
        floats(parameters),
        floats(parameters),
        tf.square(floats(parameters)) as tf.Tensor,
        floats(parameters),
      ],
      run: (p, mean, square, gradient) =>
        adamW(
          { parameters: p, mean, square, gradient } as unknown as Parameters<typeof adamW>[0],
          scalars,
          options,
        ),
      differentiable: false,
      traffic: 7 * parameters,
    },
    decodeAttention: {
      inputs: [floats(64, 3 * width)],
      run: (qkv) => {
        const { mixed, cache } = decodeAttention({ qkv: qkv as tf.Tensor2D, ...past }, decodeLayout);
        return [mixed, cache];
      },
      differentiable: false,
      traffic: 64 * 2 * width * 24,
    },
    sampleTokens: {
      inputs: [floats(64, vocabulary)],
      run: (logits) => Object.values(sampleTokens(logits as tf.Tensor2D, noise, 1)),
      differentiable: false,
      traffic: 64 * vocabulary,
    },
  };
}

/** Microseconds: the least of as many runs as half a second holds, and of 20 at least. */
function fastest(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + 500;
  for (let i = 0; i < 20 || performance.now() < end; i++) {
    const start = performance.now();
    tf.tidy(() => {
      work();
    });
    best = Math.min(best, performance.now() - start);
  }
  return best * 1e3;
}

/** Backward is what a gradient takes beyond forward. */
function measure({ inputs, run, differentiable = true }: Case): [forward: number, backward: number] {
  const forward = fastest(() => run(...inputs));
  if (!differentiable) return [forward, Number.NaN];
  const output = run(...inputs) as tf.Tensor;
  const upstream = tf.onesLike(output);
  const gradients = tf.grads((...x: tf.Tensor[]) => run(...x) as tf.Tensor);
  const both = fastest(() => gradients(inputs, upstream));
  tf.dispose([output, upstream]);
  return [forward, both - forward];
}

async function main() {
  await ready;
  const chosen = process.argv[2];
  console.log(`${engine.version}, ${engine.threads} thread(s); µs, the least of many runs\n`);
  console.log('| size | function | composite: forward | backward | fused: forward | backward | GB/s |');
  console.log('|---|---|---|---|---|---|---|');
  for (const [name, size] of Object.entries(sizes)) {
    if (chosen && chosen !== name) continue;
    const all = cases(size);
    for (const [label, one] of Object.entries(all)) {
      const composite = withComposites(() => measure(one));
      const fused = measure(one);
      const rate = (4 * one.traffic) / fused[0] / 1e3;
      const cells = [...composite, ...fused].map((time) => (Number.isNaN(time) ? '' : time.toFixed(0)));
      console.log(`| ${[name, label, ...cells, rate.toFixed(1)].join(' | ')} |`);
    }
    for (const { inputs } of Object.values(all)) tf.dispose(inputs);
  }
}

main();
