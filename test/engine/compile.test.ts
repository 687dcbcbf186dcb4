import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { createAdamW } from '../../lib/algorithms/updates/adamW';
import { compile, compiling, replayFirstCalls } from '../../lib/engine/compile';
import { loadedGraphs, unloadIdle } from '../../lib/engine/graph/session';
import { engine, tf } from '../../lib/engine/tensorflow';
import { InputError } from '../../lib/errors/inputError';
import { expectClose } from '../close';

const onNative = test.runIf(engine.name === 'native');

afterEach(() => {
  compiling.enabled = true;
});

/** What a call gives, as numbers. */
function numbers(result: tf.Tensor): number[] {
  const values = Array.from(result.dataSync());
  result.dispose();
  return values;
}

const vector = (...values: number[]) => tf.tensor1d(values);

describe('a compiled step', () => {
  test('gives in each call what the step gives', () => {
    const step = (x: tf.Tensor1D, y: tf.Tensor1D) =>
      x.mul<tf.Tensor1D>(y).add<tf.Tensor1D>(1).exp<tf.Tensor1D>();
    const compiled = compile(step);
    for (let call = 0; call < 4; call++) {
      const [x, y] = [vector(call, 0.5, -1), vector(1, 2, -call)];
      expectClose(numbers(compiled(x, y)), numbers(step(x, y)), 1e-6);
      tf.dispose([x, y]);
    }
    compiled.dispose();
  });

  test('takes and gives records, lists and nothing', () => {
    const compiled = compile((batch: { states: { ids: tf.Tensor1D }; old: tf.Tensor1D | null }) => ({
      sum: batch.states.ids.sum() as tf.Scalar,
      parts: [batch.states.ids.neg(), batch.old],
    }));
    for (let call = 1; call < 4; call++) {
      const without = compiled({ states: { ids: vector(call, 2) }, old: null });
      expect(numbers(without.sum)).toEqual([call + 2]);
      expect(numbers(without.parts[0]!)).toEqual([-call, -2]);
      expect(without.parts[1]).toBeNull();
      const handedOn = compiled({ states: { ids: vector(call, 2) }, old: vector(7 * call) });
      expect(numbers(handedOn.parts[1]!)).toEqual([7 * call]);
    }
    compiled.dispose();
  });

  test('reads variables, and assigns them in place', () => {
    const total = tf.variable(tf.scalar(1));
    const factor = tf.variable(tf.scalar(2));
    const compiled = compile((x: tf.Scalar) => {
      total.assign(total.mul<tf.Scalar>(factor).add(x));
      return total.square();
    });
    expect(numbers(compiled(tf.scalar(1)))).toEqual([9]);
    expect(numbers(compiled(tf.scalar(2)))).toEqual([64]);
    factor.assign(tf.scalar(-1));
    expect(numbers(compiled(tf.scalar(0)))).toEqual([64]);
    expect(total.dataSync()[0]).toBe(-8);
    compiled.dispose();
  });

  test('tells a variable from another that shares its data, and from an old value that was kept', () => {
    const policy = tf.variable(vector(1, 2));
    const reference = tf.variable(policy.clone());
    const start = policy.clone();
    const compiled = compile((x: tf.Tensor1D) => {
      const distance = policy.sub(reference).abs().sum().add(policy.sub(start).abs().sum());
      policy.assign(policy.add(x));
      return distance as tf.Scalar;
    });
    expect(numbers(compiled(vector(1, 0)))).toEqual([0]);
    expect(numbers(compiled(vector(1, 0)))).toEqual([2]);
    expect(numbers(compiled(vector(1, 0)))).toEqual([4]);
    compiled.dispose();
  });

  test('tells two inputs apart that were the same tensor in the first call', () => {
    const compiled = compile((x: tf.Scalar, y: tf.Scalar) => x.sub<tf.Scalar>(y));
    const x = tf.scalar(3);
    expect(numbers(compiled(x, x))).toEqual([0]);
    expect(numbers(compiled(x, tf.scalar(1)))).toEqual([2]);
    const variable = tf.variable(tf.scalar(5));
    const shared = compile((y: tf.Scalar) => variable.sub<tf.Scalar>(y));
    expect(numbers(shared(variable))).toEqual([0]);
    expect(numbers(shared(tf.scalar(1)))).toEqual([4]);
    compiled.dispose();
    shared.dispose();
  });

  test('hands an input or a variable on as a tensor of its own', () => {
    const variable = tf.variable(tf.scalar(5));
    const compiled = compile((x: tf.Scalar) => [x, x, variable as tf.Scalar]);
    for (let call = 0; call < 3; call++) {
      const x = tf.scalar(call);
      const results = compiled(x);
      expect(results.map((result) => numbers(result)[0])).toEqual([call, call, 5]);
      expect(numbers(x)).toEqual([call]);
    }
    expect(variable.isDisposed).toBe(false);
    compiled.dispose();
  });

  test('keeps a captured tensor as it was in the first call, of any type', () => {
    const captured = tf.tensor1d([1, 2], 'int32');
    const flags = tf.tensor1d([true, false], 'bool');
    const compiled = compile((x: tf.Tensor1D) =>
      tf.where(flags, x, captured.toFloat()).add(captured.toFloat()),
    );
    expect(numbers(compiled(vector(10, 20)))).toEqual([11, 4]);
    tf.dispose([captured, flags]);
    if (engine.name === 'native') expect(numbers(compiled(vector(30, 40)))).toEqual([31, 4]);
    compiled.dispose();
  });

  test('gives tensors that no operation made, and assigns them', () => {
    const [captured, state] = [vector(7), tf.variable(vector(1, 2))];
    const compiled = compile((x: tf.Tensor1D) => {
      state.assign(tf.zeros([2]));
      return [tf.zeros([3]), captured, x];
    });
    for (let call = 1; call < 4; call++) {
      state.assign(vector(call, call));
      const given = compiled(vector(call)) as tf.Tensor[];
      expect(given.map(numbers)).toEqual([[0, 0, 0], [7], [call]]);
      expect(Array.from(state.dataSync())).toEqual([0, 0]);
    }
    expect(numbers(captured)).toEqual([7]);
    compiled.dispose();
  });

  test('records anew for another shape, and for nothing in place of a tensor', () => {
    const compiled = compile(
      (x: tf.Tensor1D, y: tf.Tensor1D | null) => (y ? x.add(y) : x).sum() as tf.Scalar,
    );
    for (let call = 0; call < 2; call++) {
      expect(numbers(compiled(vector(1, 2), null))).toEqual([3]);
      expect(numbers(compiled(vector(1, 2, 3), null))).toEqual([6]);
      expect(numbers(compiled(vector(1, 2), vector(3, 4)))).toEqual([10]);
    }
    compiled.dispose();
  });

  onNative('says which form of its inputs it met, where there are too many', () => {
    const compiled = compile((x: tf.Tensor1D) => x.sum(), { name: 'sums', maxForms: 3 });
    for (const length of [1, 2, 3]) numbers(compiled(tf.zeros([length])));
    expect(() => compiled(tf.zeros([4]))).toThrow(
      new InputError(
        'the compiled step "sums" met 4 forms of its inputs, and each takes a graph of its own; give it tensors of the same shapes, or raise maxForms. The last two were {0:float32[3]} and {0:float32[4]}.',
      ),
    );
    expect(numbers(compiled(tf.ones([2])))).toEqual([2]);
    compiled.dispose();
  });

  test('forgets the form used longest ago, where it may', () => {
    const compiled = compile((x: tf.Tensor1D) => x.sum() as tf.Scalar, { maxForms: 2, beyond: 'forget' });
    for (let round = 0; round < 3; round++) {
      for (const length of [1, 2, 3]) expect(numbers(compiled(tf.ones([length])))).toEqual([length]);
    }
    compiled.dispose();
  });

  test('gives a gradient inside it, and is the function itself inside a gradient', () => {
    const cube = (x: tf.Tensor) => x.pow(3).sum() as tf.Scalar;
    const gradient = compile((x: tf.Tensor1D) => tf.grad(cube)(x));
    const compiled = compile(cube as (x: tf.Tensor1D) => tf.Scalar);
    for (const at of [1, 2, -3]) {
      expectClose(numbers(gradient(vector(at))), [3 * at * at], 1e-5);
      expectClose(numbers(compiled(vector(at))), [at ** 3], 1e-5);
      expectClose(numbers(tf.grad((x) => compiled(x as tf.Tensor1D))(vector(at))), [3 * at * at], 1e-5);
    }
    gradient.dispose();
    compiled.dispose();
  });

  test('is part of the graph of a step that calls it', () => {
    const inner = compile((x: tf.Scalar) => x.square<tf.Scalar>());
    const outer = compile((x: tf.Scalar) => inner(x).add<tf.Scalar>(1));
    for (const x of [1, 2, 3]) expect(numbers(outer(tf.scalar(x)))).toEqual([x * x + 1]);
    inner.dispose();
    outer.dispose();
  });

  test('computes what the step computes for any numbers', () => {
    const step = (x: tf.Tensor1D, y: tf.Tensor1D) => ({
      loss: tf.logSoftmax(x.mul(y)).sum() as tf.Scalar,
      gradient: tf.grad((z) => tf.softmax(z.mul(y)).square().sum())(x),
    });
    const compiled = compile(step);
    const four = fc.array(fc.float({ min: -5, max: 5, noNaN: true }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(four, four, (x, y) => {
        const [got, wanted] = [compiled(vector(...x), vector(...y)), step(vector(...x), vector(...y))];
        expectClose(numbers(got.loss), numbers(wanted.loss), 1e-5);
        expectClose(numbers(got.gradient), numbers(wanted.gradient), 1e-5);
      }),
    );
    compiled.dispose();
  });

  test('replays Adam as it steps', () => {
    const run = (enabled: boolean) => {
      compiling.enabled = enabled;
      const parameters = tf.variable(vector(1, -2, 3));
      const optimizer = createAdamW(parameters);
      const step = compile((rate: tf.Scalar) => {
        optimizer.update(parameters.square().mul<tf.Tensor1D>(3), rate);
        return parameters.sum() as tf.Scalar;
      });
      const sums = Array.from({ length: 20 }, (_, i) => numbers(step(tf.scalar(0.1 / (i + 1))))[0]!);
      step.dispose();
      return sums;
    };
    expectClose(run(true), run(false), 1e-6);
  });

  test('loses no tensor and no graph in 10,000 calls', () => {
    const state = tf.variable(tf.scalar(0));
    const compiled = compile((x: tf.Scalar) => {
      state.assign(state.mul<tf.Scalar>(0.5).add(x));
      return [state.square(), x.neg()];
    });
    const x = tf.scalar(1);
    tf.dispose(compiled(x) as tf.Tensor[]);
    const before = tf.memory().numTensors;
    const resident = process.memoryUsage().rss;
    for (let call = 0; call < 10_000; call++) tf.dispose(compiled(x) as tf.Tensor[]);
    expect(tf.memory().numTensors).toBe(before);
    // 10,000 calls that lost one tensor of a few hundred bytes each would lose several MB; garbage comes and goes
    expect(process.memoryUsage().rss - resident).toBeLessThan(150e6);
    compiled.dispose();
  });
});

describe('the graphs of compiled steps', () => {
  onNative(
    'are shared by steps that differ in their variables alone, and freed when they are disposed of',
    () => {
      unloadIdle();
      const before = loadedGraphs();
      const make = (start: number) => {
        const state = tf.variable(tf.scalar(start));
        return compile((x: tf.Scalar) => {
          state.assign(state.add(x));
          return state.mul<tf.Scalar>(2);
        });
      };
      const [one, other] = [make(1), make(10)];
      expect(numbers(one(tf.scalar(1)))).toEqual([4]);
      expect(numbers(other(tf.scalar(1)))).toEqual([22]);
      // a step that is called once takes none
      expect(loadedGraphs()).toBe(before);
      expect(numbers(one(tf.scalar(1)))).toEqual([6]);
      expect(numbers(other(tf.scalar(1)))).toEqual([24]);
      expect(loadedGraphs()).toBe(before + 1);
      one.dispose();
      unloadIdle();
      expect(loadedGraphs()).toBe(before + 1);
      expect(numbers(other(tf.scalar(1)))).toEqual([26]);
      other.dispose();
      other.dispose();
      unloadIdle();
      expect(loadedGraphs()).toBe(before);
    },
  );
});

describe('what cannot be compiled is told in one sentence', () => {
  const refusal = (step: (x: tf.Tensor1D) => tf.Tensor, message: string | RegExp) => {
    const compiled = compile(step, { name: 'update' });
    expect(() => compiled(vector(1, 2))).toThrow(message);
    expect(() => compiled(vector(1, 2))).toThrow(InputError);
  };

  onNative('a value that is read', () => {
    refusal(
      (x) => (x.max().dataSync()[0]! > 1 ? x : x.neg()),
      'the step "update" cannot be compiled: it reads the value of a tensor (of Max), which differs from call to call.',
    );
    refusal((x) => x.mul(x.dataSync()[0]!), 'reads the value of a tensor (of an input)');
    const state = tf.variable(vector(1));
    refusal((x) => x.mul(state.dataSync()[0]!), 'reads the value of a tensor (of a variable)');
  });

  onNative('random numbers of the engine and of JavaScript', () => {
    refusal((x) => tf.multinomial(x, 1, 7), 'it runs Multinomial, which draws');
    refusal((x) => x.add(tf.randomNormal([2])), 'it calls Math.random, whose numbers');
    refusal((x) => (Math.random() < 2 ? x.neg() : x), 'it calls Math.random');
  });

  onNative('a variable that is made inside', () => {
    refusal((x) => tf.variable(x, true, 'fresh'), 'it makes the variable "fresh"; make it before the step.');
  });

  onNative('a variable that is gone', () => {
    const state = tf.variable(tf.scalar(1), true, 'gone');
    const compiled = compile((x: tf.Scalar) => x.add(state), { name: 'update' });
    numbers(compiled(tf.scalar(1)));
    state.dispose();
    expect(() => compiled(tf.scalar(1))).toThrow(
      'the compiled step "update" uses the variable "gone", which was disposed of.',
    );
    compiled.dispose();
  });

  test('and what the step throws comes through, and leaves the engine as it was', () => {
    const compiled = compile((x: tf.Tensor1D) => {
      throw new RangeError(`no ${x.shape}`);
    });
    const { random } = Math;
    expect(() => compiled(vector(1, 2))).toThrow(new RangeError('no 2'));
    expect(Math.random).toBe(random);
    expect(numbers(vector(1, 2).add(1))).toEqual([2, 3]);
  });
});

describe('checked calls', () => {
  onNative('find what a step takes from outside that changes', () => {
    let factor = 1;
    const compiled = compile((x: tf.Scalar) => x.mul<tf.Scalar>(factor), { name: 'scale', checkedCalls: 2 });
    expect(numbers(compiled(tf.scalar(3)))).toEqual([3]);
    expect(numbers(compiled(tf.scalar(4)))).toEqual([4]);
    factor = 2;
    expect(() => compiled(tf.scalar(3))).toThrow(
      'the compiled step "scale" gives 3 where the step itself gives 6: it takes something from outside that has changed since its first call.',
    );
    expect(numbers(compiled(tf.scalar(3)))).toEqual([3]);
    compiled.dispose();
  });

  onNative('leave variables as one call would', () => {
    const state = tf.variable(tf.scalar(0));
    const compiled = compile(
      (x: tf.Scalar) => {
        state.assign(state.add(x));
        return state.mul<tf.Scalar>(10);
      },
      { checkedCalls: 3 },
    );
    const before = tf.memory().numTensors;
    expect([1, 2, 3, 4, 5].map((x) => numbers(compiled(tf.scalar(x)))[0])).toEqual([10, 30, 60, 100, 150]);
    expect(tf.memory().numTensors).toBe(before + 5);
    compiled.dispose();
  });
});

test('LAB_COMPILE and a switch run each step as it is', () => {
  compiling.enabled = false;
  let runs = 0;
  const compiled = compile((x: tf.Scalar) => {
    runs++;
    return x.neg<tf.Scalar>();
  });
  for (let call = 0; call < 3; call++) numbers(compiled(tf.scalar(call)));
  expect(runs).toBe(3);
});

// last in this file: there is no way back
onNative('gives from the first call on what its graph gives, once asked to', () => {
  const total = tf.variable(tf.scalar(1));
  const calls: number[] = [];
  replayFirstCalls();
  const compiled = compile((x: tf.Tensor1D) => {
    calls.push(1);
    total.assign(total.add(x.sum()));
    return total.square();
  });
  const x = vector(0.1, 0.7, 0.3);
  const first = numbers(compiled(x));
  // recorded, and then replayed from the same start: the variable has been added to once
  expect(calls).toHaveLength(1);
  expect(numbers(total.clone())).toEqual([Math.fround(1 + Math.fround(1.1))]);
  total.assign(tf.scalar(1));
  expect(numbers(compiled(x))).toEqual(first);
  expect(calls).toHaveLength(1);
  compiled.dispose();
  tf.dispose([x, total]);
});
