/**
 * Forward-mode differentiation: how an output moves when its input moves in a given direction.
 *   jvp(f)(x, v) = J(x) v,  J = ∂f/∂x
 * TensorFlow.js has reverse mode only, and its gradient of a gradient is silently wrong for several operations. So a
 * tangent is carried along here with each operation while it runs: every operation of TensorFlow.js goes through its
 * engine's `runKernel`, and a rule for each kernel tells the tangent of its output. Exact to float32.
 * Wengert 1964; Griewank & Walther 2008, "Evaluating Derivatives", chapter 3.
 */
import { type AttentionLayout, attentionTangent } from './kernels/attention';
import { biasGeluGradient } from './kernels/gelu';
import { layerNormGradient } from './kernels/layerNorm';
import { tokenLogProbsGradient } from './kernels/logProbs';
import { tf } from './tensorflow';

type Tensors = Readonly<Record<string, tf.Tensor>>;
type Attributes = Readonly<Record<string, unknown>>;
type Outputs = tf.Tensor | tf.Tensor[];

interface KernelCall {
  readonly inputs: Tensors;
  readonly attributes: Attributes | undefined;
  readonly output: Outputs;
  /** The tangent of an input; undefined where the input does not depend on x. */
  tangent(input: string): tf.Tensor | undefined;
  /** The same kernel with other inputs. */
  run(inputs: Tensors): Outputs;
}

type Rule = (call: KernelCall) => Outputs;

/** Linear in a list of tensors, each at a place: one without a tangent counts as zero. */
const linearInAll: Rule = ({ inputs, tangent, run }) => {
  const list = Object.values(inputs).map((x, i) => tangent(String(i)) ?? tf.zerosLike(x));
  return run(list as unknown as Tensors);
};

/** Linear in the inputs of these names together: one without a tangent counts as zero. */
const linearIn =
  (...names: string[]): Rule =>
  ({ inputs, tangent, run }) => {
    const tangents = names.map((name) => [name, tangent(name) ?? tf.zerosLike(inputs[name]!)]);
    return run({ ...inputs, ...Object.fromEntries(tangents) });
  };

/** Linear in `x`; its other inputs, such as indices, are constants. */
const linearInX = linearIn('x');

/** f′(x) · ẋ, with the derivative from the input and the output. */
const elementwise =
  (derivative: (x: tf.Tensor, y: tf.Tensor) => tf.Tensor): Rule =>
  ({ inputs, output, tangent }) =>
    derivative(inputs.x!, output as tf.Tensor).mul(tangent('x')!);

/** The sum of the terms that there are, in the shape of the output. */
function total(output: Outputs, ...terms: (tf.Tensor | undefined)[]): tf.Tensor {
  const [first, ...rest] = terms.filter((term) => term !== undefined);
  const sum = rest.reduce((a, b) => a.add(b), first!);
  const { shape } = output as tf.Tensor;
  return sum.shape.join() === shape.join() ? sum : sum.add(tf.zeros(shape));
}

/** Linear in each of `a` and `b`: ȧ∘b + a∘ḃ. */
const bilinear: Rule = ({ inputs, output, tangent, run }) => {
  const [a, b] = [tangent('a'), tangent('b')];
  return total(output, a && (run({ ...inputs, a }) as tf.Tensor), b && (run({ ...inputs, b }) as tf.Tensor));
};

const rules: Readonly<Record<string, Rule>> = {
  Add: ({ output, tangent }) => total(output, tangent('a'), tangent('b')),
  Sub: ({ output, tangent }) => total(output, tangent('a'), tangent('b')?.neg()),
  Multiply: bilinear,
  BatchMatMul: bilinear,
  RealDiv: ({ inputs, output, tangent }) =>
    total(
      output,
      tangent('a')?.div(inputs.b!),
      tangent('b')
        ?.mul(output as tf.Tensor)
        .div(inputs.b!)
        .neg(),
    ),
  Concat: linearInAll,
  Pack: linearInAll,
  Identity: linearInX,
  Cast: linearInX,
  Reshape: linearInX,
  Transpose: linearInX,
  Slice: linearInX,
  SplitV: linearInX,
  ExpandDims: ({ output, tangent }) => tangent('input')!.reshape((output as tf.Tensor).shape),
  GatherV2: linearInX,
  Neg: linearInX,
  Sum: linearInX,
  Mean: linearInX,
  // of the largest, or the mean of those that are equally large
  Max: ({ inputs, attributes, output, tangent }) => {
    const { reductionIndices, keepDims } = attributes as { reductionIndices: number[]; keepDims: boolean };
    const axes = tf.util.parseAxisParam(reductionIndices, inputs.x!.shape);
    const kept = tf.backend_util.expandShapeToKeepDim((output as tf.Tensor).shape, keepDims ? [] : axes);
    const largest = inputs.x!.equal((output as tf.Tensor).reshape(kept)).toFloat();
    return largest.mul(tangent('x')!).sum(axes, keepDims).div(largest.sum(axes, keepDims));
  },
  Square: elementwise((x) => x.mul(2)),
  Sqrt: elementwise((_, y) => tf.div(0.5, y)),
  Rsqrt: elementwise((x, y) => y.div(x).mul(-0.5)),
  Exp: elementwise((_, y) => y),
  Log: elementwise((x) => x.reciprocal()),
  Tanh: elementwise((_, y) => tf.sub(1, y.square())),
  Sigmoid: elementwise((_, y) => y.mul(tf.sub(1, y))),
  Relu: elementwise((x) => x.greater(0).toFloat()),
  Erf: elementwise((x) =>
    x
      .square()
      .neg()
      .exp()
      .mul(2 / Math.sqrt(Math.PI)),
  ),
  Softmax: ({ output, tangent }) => {
    const p = output as tf.Tensor;
    const weighted = p.mul(tangent('logits')!);
    return weighted.sub(p.mul(weighted.sum(-1, true)));
  },
  // the normalization's Jacobian is symmetric: its gradient with gain 1 is its tangent too
  LabLayerNorm: ({ inputs, output, tangent, run }) => {
    const { x, gain, bias } = inputs;
    const [ofX, ofGain, ofBias] = [tangent('x'), tangent('gain'), tangent('bias')];
    const scaled = ofX && layerNormGradient(x!, tf.onesLike(gain!), ofX).x.mul(gain!);
    const shifted =
      (ofGain || ofBias) &&
      run({ x: x!, gain: ofGain ?? tf.zerosLike(gain!), bias: ofBias ?? tf.zerosLike(bias!) });
    return total(output, scaled, shifted as tf.Tensor | undefined);
  },
  LabBiasGelu: ({ inputs, output, tangent }) =>
    biasGeluGradient(inputs.x!, inputs.bias!, total(output, tangent('x'), tangent('bias'))).x,
  LabBiasResidual: linearIn('x', 'y', 'bias'),
  LabLookup: linearIn('table'),
  LabAttention: ({ inputs, attributes, tangent }) => {
    const { qkv, bias, starts } = inputs;
    const tangents = {
      qkvTangent: tangent('qkv') ?? tf.zerosLike(qkv!),
      biasTangent: tangent('bias') ?? tf.zerosLike(bias!),
    };
    return attentionTangent(
      { qkv: qkv!, bias: bias!, starts: starts! },
      tangents,
      attributes as unknown as AttentionLayout,
    );
  },
  LabTokenLogProbs: ({ inputs, output, tangent }) => {
    const { logits, actions } = inputs;
    const gradient = tokenLogProbsGradient(logits!, actions!, tf.onesLike(output as tf.Tensor));
    return gradient.mul(tangent('logits')!).sum(-1);
  },
};

/** The part of the engine that is listened to. */
interface KernelRunner {
  runKernel(name: string, inputs: Tensors, attributes?: Attributes): Outputs;
}

/**
 * The value of a function and its derivative in a direction.
 * @param f         of tensors that it takes from x, by operations that have a rule here
 * @param x         where; any variable or tensor that f uses
 * @param direction v, in the shape of x
 * @returns         f(x), and J(x) v in the shape of f(x)
 * @throws          for an operation on what depends on x that has no rule, by its name
 */
export function jacobianVectorProduct<T extends tf.Tensor>(
  f: () => T,
  x: tf.Tensor,
  direction: tf.Tensor,
): [value: T, derivative: T] {
  const engine = tf.engine() as unknown as KernelRunner;
  const runKernel = engine.runKernel.bind(engine);
  const tangents = new Map<number, tf.Tensor>([[x.id, direction]]);
  const kept: tf.Tensor[] = [];
  /** Inside a kernel, or in a rule's own operations. */
  let inside = false;

  function listen(name: string, inputs: Tensors, attributes?: Attributes): Outputs {
    if (inside) return runKernel(name, inputs, attributes);
    inside = true;
    try {
      const output = runKernel(name, inputs, attributes);
      if (Object.values(inputs).some((input) => tangents.has(input.id)))
        follow(name, inputs, attributes, output);
      return output;
    } finally {
      inside = false;
    }
  }

  function follow(name: string, inputs: Tensors, attributes: Attributes | undefined, output: Outputs): void {
    const outputs = [output].flat();
    // a comparison or a rounding: it does not move with x
    if (outputs.every(({ dtype }) => dtype !== 'float32')) return;
    const rule = rules[name];
    if (!rule) throw new Error(`forward-mode differentiation has no rule for the operation ${name}.`);
    const derivative = rule({
      inputs,
      attributes,
      output,
      tangent: (at) => tangents.get(inputs[at]!.id),
      run: (others) => runKernel(name, others, attributes),
    });
    [derivative].flat().forEach((tangent, i) => {
      // a sum with a constant passes the direction itself on, which is its owner's to dispose of
      if (tangent !== direction) kept.push(tf.keep(tangent));
      tangents.set(outputs[i]!.id, tangent);
    });
  }

  return tf.tidy(() => {
    engine.runKernel = listen;
    try {
      const value = f();
      return [value, (tangents.get(value.id)?.clone() as T | undefined) ?? tf.zerosLike(value)] as [T, T];
    } finally {
      // the method of the class shows again
      delete (engine as Partial<KernelRunner>).runKernel;
      tf.dispose(kept);
    }
  });
}
