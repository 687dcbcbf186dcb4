import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAdamW } from '../../lib/algorithms/updates/adamW';
import { type Compiled, compile, compileEvaluation, compiling, compilingBy } from '../../lib/engine/compile';
import { loadedGraphs, unloadIdle } from '../../lib/engine/graph/session';
import { biasGelu } from '../../lib/engine/kernels/gelu';
import { layerNorm, layerNormGradient } from '../../lib/engine/kernels/layerNorm';
import { nativeTypes, registerNativeKernel } from '../../lib/engine/kernels/nativeKernel';
import { engine, tf } from '../../lib/engine/tensorflow';
import { InputError } from '../../lib/errors/inputError';
import { expectClose } from '../close';

const onNative = test.runIf(engine.name === 'native');

let way: typeof compiling;

beforeEach(() => {
  way = { ...compiling };
});

afterEach(() => {
  Object.assign(compiling, way);
});

/** What a call gives, as numbers. */
function numbers(result: tf.Tensor): number[] {
  const values = Array.from(result.dataSync());
  result.dispose();
  return values;
}

const vector = (...values: number[]) => tf.tensor1d(values);

/** One that XLA has no kernel for: twice x, for all that a test needs of it. */
const unknownToXla = (x: tf.Tensor1D): tf.Tensor1D =>
  tf
    .dilation2d(x.reshape<tf.Tensor3D>([x.size, 1, 1]), tf.zeros<tf.Rank.R3>([1, 1, 1]), 1, 'valid')
    .mul(2)
    .flatten();

describe('a step as a program of XLA', () => {
  test('gives the value, the gradient and the variables of the step itself, which has fused kernels', () => {
    const run = (options: { enabled: boolean }) => {
      compiling.enabled = options.enabled;
      const weights = tf.variable(tf.linspace(-1, 1, 12) as tf.Tensor1D);
      const optimizer = createAdamW(weights);
      const [gain, bias] = [vector(1, 2, 0.5, 1), vector(0, 0.1, 0, -0.1)];
      const step = compile(
        (x: tf.Tensor2D, rate: tf.Scalar) => {
          const { value, grads } = tf.variableGrads(() => {
            const rows = tf.matMul<tf.Tensor2D>(x, weights.reshape([3, 4]));
            const hidden = biasGelu(layerNorm(rows, gain, bias), bias);
            return hidden.square().mean<tf.Scalar>();
          }, [weights]);
          const gradient = grads[weights.name] as tf.Tensor1D;
          optimizer.update(gradient, rate);
          return { value, gradient, isPositive: gradient.greater(0), rate };
        },
        { xla: true },
      );
      const told = [0.1, 0.2, 0.3, 0.4].map((factor) => {
        const x = tf.linspace(-1, 2, 15).sin().mul(factor).reshape<tf.Tensor2D>([5, 3]);
        const { value, gradient, isPositive, rate } = step(x, tf.scalar(factor / 10));
        return [value, gradient, isPositive, rate, weights.clone()].flatMap(numbers);
      });
      step.dispose();
      return told;
    };
    expectClose(run({ enabled: true }), run({ enabled: false }), 1e-5);
  });

  onNative('has a graph of its own, shared as any', () => {
    unloadIdle();
    const before = loadedGraphs();
    const steps = [true, true, false].map((xla) => {
      const state = tf.variable(tf.scalar(1));
      return compile((x: tf.Scalar) => state.add<tf.Scalar>(x), { xla });
    });
    for (const x of [1, 2, 3]) {
      expect(steps.map((step) => numbers(step(tf.scalar(x)))[0])).toEqual([x + 1, x + 1, x + 1]);
    }
    expect(loadedGraphs()).toBe(before + 2);
    for (const step of steps) step.dispose();
    unloadIdle();
    expect(loadedGraphs()).toBe(before);
  });

  onNative('is checked as any', () => {
    let factor = 1;
    const options = { name: 'scale', xla: true, checkedCalls: 2 };
    const compiled = compile((x: tf.Scalar) => x.mul<tf.Scalar>(factor), options);
    for (const x of [3, 4]) expect(numbers(compiled(tf.scalar(x)))).toEqual([x]);
    factor = 2;
    expect(() => compiled(tf.scalar(3))).toThrow('gives 3 where the step itself gives 6');
    compiled.dispose();
  });

  onNative('loses no tensor', () => {
    const state = tf.variable(tf.scalar(0));
    const compiled = compile(
      (x: tf.Scalar) => {
        state.assign(state.add(x));
        return [state.square(), x];
      },
      { xla: true },
    );
    const x = tf.scalar(1);
    tf.dispose(compiled(x) as tf.Tensor[]);
    const before = tf.memory().numTensors;
    for (let call = 0; call < 100; call++) tf.dispose(compiled(x) as tf.Tensor[]);
    expect(tf.memory().numTensors).toBe(before);
    expect(numbers(state)).toEqual([101]);
    compiled.dispose();
  });
});

describe('what XLA cannot compile', () => {
  const refusal = (compiled: Compiled<[tf.Tensor1D], tf.Tensor>, sentence: string) => {
    numbers(compiled(vector(1, 2)));
    const before = tf.memory().numTensors;
    for (let call = 0; call < 2; call++) {
      const x = vector(1, 2);
      expect(() => compiled(x)).toThrow(new InputError(sentence));
      x.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
    compiled.dispose();
  };

  onNative('is refused where the option asks for it: an operation that it does not know', () => {
    const sentence = 'XLA cannot compile the step "update": it runs Dilation2D, which XLA does not know.';
    refusal(compile(unknownToXla, { name: 'update', xla: true }), sentence);
    compiling.xla = true;
    refusal(compile(unknownToXla, { name: 'update', xla: true, checkedCalls: 9 }), sentence);
  });

  test.runIf(engine.fused)('and a fused kernel that nothing stands in for', () => {
    const gradient = (x: tf.Tensor1D) =>
      layerNormGradient(x.reshape([1, 2]), tf.ones([2]), tf.ones([1, 2])).x;
    refusal(
      compile(gradient, { name: 'update', xla: true }),
      'XLA cannot compile the step "update": it runs LabLayerNormGrad, which XLA does not know.',
    );
  });

  onNative('and a shape that is computed', () => {
    registerNativeKernel('TestFill', (backend, { shape, value }) => {
      const type = backend.binding.TF_ATTR_TYPE;
      const attributes = [
        { name: 'T', type, value: nativeTypes.float32 },
        { name: 'index_type', type, value: nativeTypes.int32 },
      ];
      return backend.executeMultipleOutputs('Fill', attributes, [shape!, value!], 1)[0]!;
    });
    const fill = (x: tf.Tensor1D) =>
      tf.engine().runKernel<tf.Tensor>('TestFill', { shape: x.toInt(), value: tf.scalar(1) });
    refusal(
      compile(fill, { name: 'update', xla: true }),
      'XLA cannot compile the step "update": it runs Fill, whose result has another shape for other values.',
    );
  });
});

describe('LAB_COMPILE', () => {
  test('is on, off or xla', () => {
    expect(compilingBy(undefined)).toEqual({ enabled: true, xla: false });
    expect(compilingBy('')).toEqual({ enabled: true, xla: false });
    expect(compilingBy('on')).toEqual({ enabled: true, xla: false });
    expect(compilingBy('off')).toEqual({ enabled: false, xla: false });
    expect(compilingBy('xla')).toEqual({ enabled: true, xla: true });
    expect(() => compilingBy('XLA')).toThrow('LAB_COMPILE is "XLA"; expected one of on, off, xla.');
  });

  /** How often a step is run as it is, by six calls that count up a variable. */
  function runsOf(
    make: (step: (x: tf.Tensor1D) => tf.Tensor1D) => Compiled<[tf.Tensor1D], tf.Tensor1D>,
  ): number {
    let runs = 0;
    const total = tf.variable(vector(0, 0));
    const compiled = make((x) => {
      runs++;
      total.assign(total.add(x));
      return unknownToXla(total);
    });
    for (let call = 1; call <= 6; call++)
      expect(numbers(compiled(vector(1, 2)))).toEqual([2 * call, 4 * call]);
    expect(numbers(total)).toEqual([6, 12]);
    compiled.dispose();
    return runs;
  }

  onNative('by itself leaves what XLA cannot compile a plain graph, recorded at the second call', () => {
    compiling.xla = true;
    expect(runsOf((step) => compile(step))).toBe(2);
    // and a third form of its inputs is not tried again
    let runs = 0;
    const compiled = compile((x: tf.Tensor1D) => {
      runs++;
      return unknownToXla(x);
    });
    for (const x of [[1], [1], [1, 2], [1, 2], [1, 2]]) numbers(compiled(vector(...x)));
    expect(runs).toBe(3);
    compiled.dispose();
  });

  onNative('neither changes what says that it is a plain graph, nor evaluations, nor what it forgets', () => {
    compiling.xla = true;
    expect(runsOf((step) => compile(step, { xla: false }))).toBe(1);
    expect(runsOf(compileEvaluation)).toBe(1);
  });

  test('off runs as it is what asks for XLA', () => {
    compiling.enabled = false;
    expect(runsOf((step) => compile(step, { xla: true }))).toBe(6);
  });
});
