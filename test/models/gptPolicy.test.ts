import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { copyGptPolicy } from '../../lib/models/gptPolicy';
import { disposeParameters, unpack } from '../../lib/models/parameters';
import { leftPad } from '../../lib/models/sequences';
import { createValueModel, tokenValues } from '../../lib/models/valueModel';
import { expectClose, expectCloseInScale } from '../close';
import { config, formulaPolicy, sequenceLogits } from './formulaGpt';

const rows = [
  [7, 10, 8, 3, 3],
  [5, 3, 5, 8],
];

describe('a language model as a policy', () => {
  it('predicts each of the last T tokens from all before it, whatever the padding', () => {
    const policy = formulaPolicy();
    const alone = rows.map((row) => sequenceLogits(policy, row));
    for (const length of [5, 7]) {
      for (const steps of [1, 3, 4]) {
        const logits = tf.tidy(() => policy.logits(leftPad(rows, length), steps).arraySync());
        expectClose(
          logits,
          alone.map((row) => row.slice(-steps)),
          1e-5,
        );
      }
    }
  });

  it('gives responses that share a prompt what each gives with a prompt of its own, and the same gradient', () => {
    const policy = formulaPolicy();
    const prompts = leftPad([[7, 10, 8], [5]], 4);
    const responses = [
      [3, 3],
      [1, 9],
      [8, 2],
      [4, 6],
      [0, 5],
      [10, 7],
    ];
    const whole = responses.map((row, b) => [...(b < 3 ? [7, 10, 8] : [5]), ...row]);
    const weights = tf.tensor3d(
      Array.from({ length: 6 * 3 * 11 }, (_, i) => Math.cos(i)),
      [6, 3, 11],
    );
    const [shared, apart] = [
      { ...prompts, responses: tf.tensor2d(responses, undefined, 'int32') },
      leftPad(whole, 6),
    ].map((states) =>
      tf.tidy(() => {
        const { vector } = policy.parameters;
        const { grads } = tf.variableGrads(() => policy.logits(states, 3).mul(weights).sum(), [vector]);
        return { logits: policy.logits(states, 3).arraySync(), gradient: grads[vector.name]!.arraySync() };
      }),
    );
    expectClose(shared!.logits, apart!.logits, 1e-5);
    expectCloseInScale(shared!.gradient, apart!.gradient, 1e-5);
  });

  it('has a copy that training does not change', () => {
    const policy = formulaPolicy();
    const reference = copyGptPolicy(policy);
    const before = sequenceLogits(policy, rows[0]!);
    tf.tidy(() => policy.parameters.vector.assign(policy.parameters.vector.mul(0.5)));
    expect(sequenceLogits(reference, rows[0]!)).toEqual(before);
    expect(Math.abs(sequenceLogits(policy, rows[0]!)[0]![0]! - before[0]![0]!)).toBeGreaterThan(1e-2);
    disposeParameters(policy.parameters);
    expect(sequenceLogits(reference, rows[0]!)).toEqual(before);
  });

  it('takes other parameters than its own, and leaves no tensors behind', () => {
    const policy = formulaPolicy();
    const other = copyGptPolicy(policy);
    tf.tidy(() => other.parameters.vector.assign(other.parameters.vector.mul(0.5)));
    const states = leftPad(rows, 5);
    const before = tf.memory().numTensors;
    const [replaced, expected] = tf.tidy(() => [
      policy.logits(states, 5, unpack(other.parameters)).arraySync(),
      other.logits(states, 5).arraySync(),
    ]);
    expect(replaced).toEqual(expected);
    policy.logits(states, 5).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('a value model as a critic gives the values of its last tokens', () => {
  const model = createValueModel(config, seededRandom(4));
  const states = leftPad([[5, 3, 5, 8, 9]], 6);
  const before = tf.memory().numTensors;
  const values = model.values(states, 3);
  expect(values.shape).toEqual([1, 3]);
  const all = tf.tidy(() =>
    tokenValues(model, tf.tensor2d([[5, 3, 5, 8, 9]], undefined, 'int32')).arraySync(),
  );
  expectClose(values.arraySync(), [all[0]!.slice(2)], 1e-5);
  values.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
