/**
 * What each fused kernel gains: the least time of many runs, forward, and forward with backward, as composed of
 * TensorFlow's own operations and fused, both inside a compiled graph. One JSON object a line on stdout:
 * {"engine": VERSION}, {"progress": TEXT} and {"row": …} with microseconds.
 *   node -r ./lib/workspace/typescriptModules.cjs test/benchmarks/kernels.ts XS,S,M
 */
import { type Compiled, compile, type TensorTree } from '../../lib/engine/compile';
import { adamW } from '../../lib/engine/kernels/adamW';
import { attention } from '../../lib/engine/kernels/attention';
import { withComposites } from '../../lib/engine/kernels/fused';
import { biasGelu } from '../../lib/engine/kernels/gelu';
import { layerNorm } from '../../lib/engine/kernels/layerNorm';
import { tokenLogProbs } from '../../lib/engine/kernels/logProbs';
import { lookup } from '../../lib/engine/kernels/lookup';
import { biasResidual } from '../../lib/engine/kernels/residual';
import { engine, ready, tf } from '../../lib/engine/tensorflow';
import { type StepShape, shapes, vocabularySize } from './steps';

/** Copies of a kernel in one graph, on inputs of their own: what calling the graph takes is shared by them. */
const copies = 8;

interface Case {
  /** Float32 arguments; all get gradients. */
  readonly inputs: () => tf.Tensor[];
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
  readonly differentiable?: boolean;
}

const floats = (...shape: number[]) => tf.randomNormal(shape) as tf.Tensor;

/** On the tokens of a step: prompts, and all but the last token of each response. */
function casesOf(shape: StepShape): Record<string, Case> {
  const { width, heads, layers, prompts, promptLength, groupSize, responseLength } = shape;
  const responses = prompts * groupSize;
  const layout = { heads, prompts, promptLength, responses, responseLength: responseLength - 1 };
  const tokens = prompts * promptLength + responses * (responseLength - 1);
  const starts = tf.zeros([prompts], 'int32') as tf.Tensor1D;
  const ids = tf.randomUniform([tokens], 0, vocabularySize, 'int32').toInt() as tf.Tensor1D;
  const parameters = layers * 12 * width * width;
  const scalar = (value: number) => tf.scalar(value);
  const scalars = {
    learningRate: scalar(1e-3),
    meanWeight: scalar(0.1),
    squareWeight: scalar(0.001),
    scale: scalar(1),
  };
  const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
  return {
    layerNorm: {
      inputs: () => [floats(tokens, width), floats(width), floats(width)],
      run: (x, gain, bias) => layerNorm(x as tf.Tensor2D, gain as tf.Tensor1D, bias as tf.Tensor1D),
    },
    biasGelu: {
      inputs: () => [floats(tokens, 4 * width), floats(4 * width)],
      run: (x, bias) => biasGelu(x as tf.Tensor2D, bias as tf.Tensor1D),
    },
    biasResidual: {
      inputs: () => [floats(tokens, width), floats(tokens, width), floats(width)],
      run: (x, y, bias) => biasResidual(x as tf.Tensor2D, y as tf.Tensor2D, bias as tf.Tensor1D),
    },
    attention: {
      inputs: () => [floats(tokens, 3 * width), floats(3 * width)],
      run: (qkv, bias) => attention(qkv as tf.Tensor2D, bias as tf.Tensor1D, starts, layout),
    },
    lookup: {
      inputs: () => [floats(vocabularySize, width)],
      run: (table) => lookup(table as tf.Tensor2D, ids),
    },
    tokenLogProbs: {
      inputs: () => [floats(tokens, vocabularySize)],
      run: (logits) => tokenLogProbs(logits as tf.Tensor2D, ids),
    },
    adamW: {
      inputs: () => [floats(parameters), floats(parameters), floats(parameters).square(), floats(parameters)],
      run: (...vectors) => {
        const [p, mean, square, gradient] = vectors as tf.Tensor1D[];
        return adamW({ parameters: p!, mean: mean!, square: square!, gradient: gradient! }, scalars, options);
      },
      differentiable: false,
    },
  };
}

type Inputs = readonly (readonly tf.Tensor[])[];

/** The copies as one graph, made by the first two calls. */
function graphOf(inputs: Inputs, work: (inputs: readonly tf.Tensor[]) => TensorTree, withFused: boolean) {
  const graph: Compiled<[Inputs], TensorTree> = compile((given: Inputs) => given.map(work), {
    name: 'kernel',
  });
  const call = () => tf.dispose(graph(inputs) as tf.TensorContainer);
  for (let i = 0; i < 3; i++) withFused ? call() : withComposites(call);
  return { call, dispose: () => graph.dispose() };
}

/** Microseconds of one copy: the least of as many calls as half a second holds, and of 20 at least, in turns. */
function compare(inputs: Inputs, work: (inputs: readonly tf.Tensor[]) => TensorTree) {
  const graphs = [false, true].map((withFused) => graphOf(inputs, work, withFused));
  const least = graphs.map(() => Number.POSITIVE_INFINITY);
  const end = performance.now() + 500;
  for (let i = 0; i < 20 || performance.now() < end; i++) {
    graphs.forEach(({ call }, which) => {
      const start = performance.now();
      call();
      least[which] = Math.min(least[which]!, performance.now() - start);
    });
  }
  for (const graph of graphs) graph.dispose();
  const [composite_us, fused_us] = least.map((time) => (1000 * time) / copies) as [number, number];
  return { composite_us, fused_us, gain: composite_us / fused_us };
}

const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function main(sizes: readonly (keyof typeof shapes)[]): Promise<void> {
  await ready;
  if (!engine.fused) throw new Error(`there are no fused kernels to time: ${engine.reason}.`);
  tell({ engine: engine.version });
  for (const size of sizes) {
    for (const [kernel, { inputs: make, run, differentiable = true }] of Object.entries(
      casesOf(shapes[size]),
    )) {
      tell({ progress: `${size} ${kernel}` });
      const inputs = tf.tidy(() => Array.from({ length: copies }, make));
      const forward = compare(inputs, (given) => run(...given));
      tell({ row: { size, kernel, pass: 'forward', ...forward } });
      if (differentiable) {
        const upstreams = tf.tidy(() => inputs.map((given) => floats(...(run(...given) as tf.Tensor).shape)));
        const differentiate = tf.valueAndGrads((...x: tf.Tensor[]) => run(...x) as tf.Tensor);
        const both = compare(
          inputs.map((given, i) => [upstreams[i]!, ...given]),
          ([upstream, ...given]) => {
            const { value, grads } = differentiate(given, upstream);
            return [value, ...grads];
          },
        );
        tell({ row: { size, kernel, pass: 'forward and backward', ...both } });
        tf.dispose(upstreams);
      }
      tf.dispose(inputs);
    }
  }
}

main(process.argv[2]!.split(',') as (keyof typeof shapes)[]);
