import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import {
  createMlpCritic,
  createMlpPolicy,
  mlpCritic,
  mlpPolicy,
  mlpSpecification,
  type NumberedStates,
} from '../../lib/models/mlp';
import { type Parameters, unpack } from '../../lib/models/parameters';
import { expectClose, numericalGradient } from '../close';

const config = { states: 5, hidden: [4, 3], actions: 2 };
/** Two trajectories of three steps; state 4 is never seen. */
const seen = [
  [0, 1, 1],
  [3, 2, 0],
];
const states = (): NumberedStates => ({ positions: tf.tensor2d(seen, undefined, 'int32') });

/** Parameters that are all of size 1: number i is sin(i²). */
const formula = (size: number) => Array.from({ length: size }, (_, i) => Math.sin(i * i));
const sizeOf = (specification: Parameters['specification']) =>
  Object.values(specification).reduce((size, { shape }) => size + shape.reduce((a, b) => a * b), 0);

function formulaParameters(specification: Parameters['specification']): Parameters {
  const values = formula(sizeOf(specification));
  return { specification, vector: tf.tidy(() => tf.variable(tf.tensor1d(values))) };
}

/** The net in float64, from one flat list of parameters: its outputs in a state. */
function outputsOf(parameters: readonly number[], widths: readonly number[], state: number): number[] {
  const left = [...parameters];
  let x: number[] = Array.from({ length: widths[0]! }, (_, i) => (i === state ? 1 : 0));
  for (let layer = 1; layer < widths.length; layer++) {
    const [inputs, outputs] = [widths[layer - 1]!, widths[layer]!];
    const [weight, bias] = [left.splice(0, inputs * outputs), left.splice(0, outputs)];
    x = bias.map((start, column) =>
      x.reduce((sum, value, row) => sum + value * weight[row * outputs + column]!, start),
    );
    if (layer < widths.length - 1) x = x.map(Math.tanh);
  }
  return x;
}

const widths = [5, 4, 3, 2];

describe('an MLP', () => {
  it('is the product of its layers, with tanh between them', () => {
    tf.tidy(() => {
      const specification = mlpSpecification(config, 2);
      expect(Object.entries(specification).map(([name, { shape }]) => [name, ...shape])).toEqual([
        ['layer1.weight', 5, 4],
        ['layer1.bias', 4],
        ['layer2.weight', 4, 3],
        ['layer2.bias', 3],
        ['layer3.weight', 3, 2],
        ['layer3.bias', 2],
      ]);
      const logits = mlpPolicy(config, formulaParameters(specification)).logits(states(), 3);
      expect(logits.shape).toEqual([2, 3, 2]);
      const expected = seen.map((row) => row.map((state) => outputsOf(formula(47), widths, state)));
      expectClose(logits.arraySync(), expected, 1e-6);
    });
  });

  it('has the gradient of central differences', () => {
    const weightOf = (row: number, step: number, action: number) => Math.cos(row + 2 * step + 3 * action);
    const objective = (parameters: readonly number[]) =>
      seen
        .flatMap((row, b) =>
          row.flatMap((state, t) =>
            outputsOf(parameters, widths, state).map((logit, a) => weightOf(b, t, a) * logit),
          ),
        )
        .reduce((sum, term) => sum + term);
    const gradient = tf.tidy(() => {
      const { parameters, logits } = mlpPolicy(config, formulaParameters(mlpSpecification(config, 2)));
      const weights = seen.map((row, b) => row.map((_, t) => [0, 1].map((a) => weightOf(b, t, a))));
      const { grads } = tf.variableGrads(
        () => logits(states(), 3).mul(tf.tensor3d(weights)).sum() as tf.Scalar,
        [parameters.vector],
      );
      return Array.from(grads[parameters.vector.name]!.dataSync());
    });
    expectClose(gradient, numericalGradient(objective, formula(47), 1e-5), 1e-5);
    // the weights of state 4, which is never seen
    expect(gradient.slice(16, 20)).toEqual([0, 0, 0, 0]);
    expect(gradient.filter((slope) => slope === 0)).toHaveLength(4);
  });

  it('without a hidden layer is a table: a row of logits for each state, and one of biases', () => {
    const table = { states: 5, hidden: [], actions: 2 };
    tf.tidy(() => {
      const { parameters, logits } = mlpPolicy(table, formulaParameters(mlpSpecification(table, 2)));
      expect(Object.keys(parameters.specification)).toEqual(['layer1.weight', 'layer1.bias']);
      const [weight, bias] = [formula(12).slice(0, 10), formula(12).slice(10)];
      const expected = seen.map((row) => row.map((state) => bias.map((b, a) => weight[2 * state + a]! + b)));
      expectClose(logits(states(), 3).arraySync(), expected, 1e-6);
    });
  });

  it('starts with weights of variance 1 for each state, 1/inputs in a hidden layer, and a hundredth of that at last', () => {
    tf.tidy(() => {
      const { parameters } = createMlpPolicy({ states: 100, hidden: [80, 60], actions: 50 }, seededRandom(1));
      const deviation = (name: string) => Math.sqrt(unpack(parameters)(name).square().mean().dataSync()[0]!);
      // of n normal numbers it is off by a fraction of 1/√(2n), 0.013 for the 3,000 of the last layer
      expect(deviation('layer1.weight')).toBeCloseTo(1, 1);
      expect(deviation('layer2.weight') * Math.sqrt(80)).toBeCloseTo(1, 1);
      expect(deviation('layer3.weight') * Math.sqrt(60) * 100).toBeCloseTo(1, 1);
      expect(['layer1.bias', 'layer2.bias', 'layer3.bias'].map(deviation)).toEqual([0, 0, 0]);
    });
  });

  it('starts as a policy that takes all actions nearly alike', () => {
    tf.tidy(() => {
      const { logits } = createMlpPolicy(config, seededRandom(1));
      const probabilities = Array.from(tf.softmax(logits(states(), 3)).dataSync());
      for (const probability of probabilities) expect(Math.abs(probability - 0.5)).toBeLessThan(0.03);
    });
  });

  it('as a critic gives one value for each state', () => {
    tf.tidy(() => {
      const { parameters, values } = mlpCritic(config, formulaParameters(mlpSpecification(config, 1)));
      expect(sizeOf(parameters.specification)).toBe(43);
      const found = values(states(), 3);
      expect(found.shape).toEqual([2, 3]);
      const expected = seen.map((row) => row.map((state) => outputsOf(formula(43), [5, 4, 3, 1], state)[0]!));
      expectClose(found.arraySync(), expected, 1e-6);
    });
  });

  it('takes other parameters than its own, and leaves no tensors behind', () => {
    const policy = createMlpPolicy(config, seededRandom(1));
    const critic = createMlpCritic(config, seededRandom(1));
    const { positions } = states();
    const before = tf.memory().numTensors;
    const other = formulaParameters(policy.parameters.specification);
    const replaced = tf.tidy(() => policy.logits({ positions }, 3, unpack(other)).arraySync());
    expectClose(replaced[1]![0], outputsOf(formula(47), widths, 3), 1e-6);
    tf.dispose([policy.logits({ positions }, 3), critic.values({ positions }, 3), other.vector]);
    expect(tf.memory().numTensors).toBe(before);
    expect(policy.config).toEqual(config);
    expect(critic.config).toEqual(config);
  });
});
