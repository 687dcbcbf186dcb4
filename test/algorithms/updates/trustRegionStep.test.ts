import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTrustRegion, type TrustRegionStep } from '../../../lib/algorithms/updates/trustRegionStep';
import { tf } from '../../../lib/engine/tensorflow';
import { surrogateLoss } from '../../../lib/losses/surrogate';
import { actionLogProbs } from '../../../lib/models/categorical';
import { unpack } from '../../../lib/models/parameters';
import type { Policy } from '../../../lib/models/policy';
import { expectClose, expectCloseInScale } from '../../close';
import golden from '../../golden/trustRegion.json';
import { type NumberedStates, smallPolicy, smallPolicyInFloat64 } from '../smallPolicy';

const { inputs, outputs, params } = golden;
const config = {
  maxKl: params.max_kl,
  damping: params.damping,
  conjugateGradientSteps: 40,
  lineSearchSteps: 10,
  backtrackFactor: params.backtrack_factor,
};

async function run(changes: Partial<typeof config> = {}, advantages: number[][] = inputs.advantages) {
  const policy = smallPolicy([params.states, params.hidden, params.actions], inputs.theta);
  const before = tf.memory().numTensors;
  const batch = tf.tidy(() => ({
    states: { positions: tf.tensor2d(inputs.positions, undefined, 'int32') },
    actions: tf.tensor2d(inputs.actions, undefined, 'int32'),
    mask: tf.tensor2d(inputs.mask),
    oldLogProbs: tf.tensor2d(outputs.old_log_probs),
    advantages: tf.tensor2d(advantages),
  }));
  try {
    const trustRegion = createTrustRegion(policy, 1, { ...config, ...changes });
    const step = await trustRegion.step(batch, 3);
    trustRegion.dispose();
    return { step, theta: Array.from(policy.parameters.vector.dataSync()) };
  } finally {
    tf.dispose(batch as unknown as tf.TensorContainer);
    expect(tf.memory().numTensors).toBe(before);
    policy.parameters.vector.dispose();
  }
}

describe('trustRegionStep', () => {
  it('ends where the golden line search ends, after as many backtracks', async () => {
    const { step, theta } = await run();
    const accepted = outputs.candidates.at(-1)!;
    expect(step.backtracks).toBe(outputs.candidates.length - 1);
    expect(step.line_search_success).toBe(1);
    // 40 iterations of conjugate gradient in float32 against a converged answer in float64
    expectCloseInScale(theta, outputs.accepted, 2e-5);
    expectCloseInScale(step.kl_step, accepted.kl, 2e-5);
    expectCloseInScale(step.surrogate_improvement, accepted.improvement, 2e-5);
    expectCloseInScale(step.grad_norm, Math.hypot(...outputs.gradient), 1e-6);
    expect(step.cg_residual).toBeLessThan(1e-4);
  });

  it.each([1e-4, 1e-2, 0.3, 3])(
    'never leaves a trust region of %s, and nearly fills a small one',
    async (maxKl) => {
      const { step } = await run({ maxKl, damping: 1e-3 });
      expect(step.line_search_success).toBe(1);
      expect(step.kl_step).toBeLessThanOrEqual(maxKl);
      // ½ sᵀF s is the KL to second order; the damping takes some of it
      if (maxKl <= 1e-2) expect(step.kl_step).toBeGreaterThan(0.4 * maxKl);
      expect(step.surrogate_improvement).toBeGreaterThan(0);
    },
  );

  it('leaves the parameters as they were where no length is accepted, and says why', async () => {
    const { step, theta } = await run({ lineSearchSteps: 1 });
    expect(step).toMatchObject({
      line_search_success: 0,
      backtracks: 1,
      kl_step: 0,
      surrogate_improvement: 0,
    });
    expect(step.refused).toBe('KL above the trust region');
    expect(theta).toEqual(inputs.theta.map(Math.fround));
  });

  it('takes no step without a gradient', async () => {
    const { step, theta } = await run(
      {},
      inputs.advantages.map((row) => row.map(() => 0)),
    );
    expect(step).toMatchObject({ refused: 'gradient is zero', line_search_success: 0, grad_norm: 0 });
    expect(theta).toEqual(inputs.theta.map(Math.fround));
  });

  it('has the golden gradient of the surrogate, by PyTorch', () => {
    const policy = smallPolicy([params.states, params.hidden, params.actions], inputs.theta);
    const { vector } = policy.parameters;
    tf.tidy(() => {
      const positions = tf.tensor2d(inputs.positions, undefined, 'int32');
      const actions = tf.tensor2d(inputs.actions, undefined, 'int32');
      const loss = () =>
        surrogateLoss(
          actionLogProbs(policy.logits({ positions }, positions.shape[1]), actions),
          tf.tensor2d(outputs.old_log_probs),
          tf.tensor2d(inputs.advantages),
          tf.tensor2d(inputs.mask),
        );
      const gradient = tf.variableGrads(loss, [vector]).grads[vector.name]!;
      // the golden one is of what is maximized
      expectCloseInScale(gradient.neg().arraySync(), outputs.gradient, 2e-6);
    });
    vector.dispose();
  });

  it('stops at a gradient that is not finite', async () => {
    const poisoned = inputs.advantages.map((row) => row.map(() => Number.NaN));
    await expect(run({}, poisoned)).rejects.toThrow('step 3 was not taken');
  });
});

const shape = [3, 2, 3] as const;
const size = shape[0] * shape[1] + shape[1] + shape[1] * shape[2] + shape[2];

/** A step of a policy from given parameters, on a batch that it could have sampled. */
async function stepFrom(
  policy: Policy<NumberedStates>,
  oldLogProbs: readonly number[],
  positions: readonly number[],
  actions: readonly number[],
  advantages: readonly number[],
  changes: Partial<typeof config>,
): Promise<{ step: TrustRegionStep; before: number[]; after: number[] }> {
  const { vector } = policy.parameters;
  const before = Array.from(vector.dataSync());
  const tensors = tf.memory().numTensors;
  const batch = tf.tidy(() => ({
    states: { positions: tf.tensor2d([[...positions]], undefined, 'int32') },
    actions: tf.tensor2d([[...actions]], undefined, 'int32'),
    mask: tf.ones<tf.Rank.R2>([1, actions.length]),
    oldLogProbs: tf.tensor2d([[...oldLogProbs]]),
    advantages: tf.tensor2d([[...advantages]]),
  }));
  const trustRegion = createTrustRegion(policy, 1, { ...config, conjugateGradientSteps: 10, ...changes });
  const told = trustRegion.step(batch, 1);
  try {
    return { step: await told, before, after: Array.from(vector.dataSync()) };
  } finally {
    tf.dispose(batch as unknown as tf.TensorContainer);
    expect(tf.memory().numTensors).toBe(tensors);
  }
}

it('keeps KL ≤ δ and improves at every step taken, or leaves each bit as it was and says why', async () => {
  const number = fc.integer({ min: -20, max: 20 }).map((tenths) => tenths / 10);
  const one = fc.record({
    position: fc.integer({ min: 0, max: 2 }),
    action: fc.integer({ min: 0, max: 2 }),
    advantage: number,
  });
  const theta = fc.array(number, { minLength: size, maxLength: size });
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      theta,
      fc.array(one, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(1e-5, 1e-3, 0.1, 2),
      fc.constantFrom(1, 2, 8),
      async (start, taken, maxKl, lineSearchSteps) => {
        const at = start.map(Math.fround);
        const positions = taken.map(({ position }) => position);
        const old = smallPolicyInFloat64(shape, at, positions);
        const policy = smallPolicy(shape, at);
        try {
          const { step, before, after } = await stepFrom(
            policy,
            taken.map(({ action }, n) => Math.log(old[n]![action]!)),
            positions,
            taken.map(({ action }) => action),
            taken.map(({ advantage }) => advantage),
            { maxKl, lineSearchSteps, damping: 0.01 },
          );
          outcomes.add(step.refused);
          if (step.line_search_success === 0) {
            expect(after).toEqual(before);
            expect(step.refused).not.toBe('');
            expect([step.kl_step, step.surrogate_improvement]).toEqual([0, 0]);
            return;
          }
          expect(step.refused).toBe('');
          expect(after).not.toEqual(before);
          expect(step.kl_step).toBeLessThanOrEqual(maxKl);
          expect(step.surrogate_improvement).toBeGreaterThan(0);
          // the KL of the parameters that were taken, in float64
          const now = smallPolicyInFloat64(shape, after, positions);
          const mean = (of: (n: number) => number) =>
            taken.reduce((sum, _, n) => sum + of(n), 0) / taken.length;
          const kl = mean((n) => old[n]!.reduce((sum, p, a) => sum + p * Math.log(p / now[n]![a]!), 0));
          // log-probs of size 6, each rounded by 4e-7
          expect(Math.abs(step.kl_step - kl)).toBeLessThanOrEqual(1e-3 * kl + 1e-9);
          const improvement = mean((n) => {
            const { action, advantage } = taken[n]!;
            return (now[n]![action]! / old[n]![action]! - 1) * advantage;
          });
          expectClose(step.surrogate_improvement, improvement, 5e-6);
        } finally {
          policy.parameters.vector.dispose();
        }
      },
    ),
    { numRuns: 60, seed: 7 },
  );
  expect(outcomes).toContain('');
  expect(outcomes).toContain('KL above the trust region');
});

describe('a step is refused, with each bit of the parameters as it was,', () => {
  /** A policy whose logits are the biases alone: all its other weights are 0. */
  const bias = (b: readonly number[]) => smallPolicy([2, 1, b.length], [0, 0, 0, ...b.map(() => 0), ...b]);

  /** Two actions, whose logits are a function of the policy's biases. */
  function ofBiases(b: readonly number[], f: (biases: tf.Tensor1D) => tf.Tensor): Policy<NumberedStates> {
    const { parameters } = bias(b);
    const logits = (_: NumberedStates, steps: number, parameter = unpack(parameters)) =>
      tf.tidy(() =>
        f(parameter('b2') as tf.Tensor1D)
          .reshape([1, 1, 2])
          .mul<tf.Tensor3D>(tf.ones([1, steps, 2])),
      );
    return { parameters, logits };
  }

  /** Of a step on both actions, once each, with the probabilities that the policy gives them. */
  async function refused(
    policy: Policy<NumberedStates>,
    probability: number,
    advantages: readonly number[],
    changes: Partial<typeof config>,
  ): Promise<string> {
    const old = [Math.log(probability), Math.log(1 - probability)];
    const { step, before, after } = await stepFrom(policy, old, [0, 0], [0, 1], advantages, changes);
    expect(after).toEqual(before);
    expect(step).toMatchObject({ line_search_success: 0, kl_step: 0, surrogate_improvement: 0 });
    policy.parameters.vector.dispose();
    return step.refused;
  }
  const once = { damping: 0, lineSearchSteps: 1 };
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

  it('where the KL is above the trust region', async () => {
    // away from a policy that is nearly certain the KL grows faster than its square root at the start
    const changes = { ...once, maxKl: 0.5 };
    expect(await refused(bias([4, 0]), sigmoid(4), [-1, 1], changes)).toBe('KL above the trust region');
  });

  it('where the surrogate is not improved', async () => {
    // a parabola: the step towards its top ends far down on the other side
    const parabola = ofBiases([0, 0], (b) =>
      b
        .sub(tf.tensor1d([1, 0]))
        .square()
        .neg(),
    );
    expect(await refused(parabola, sigmoid(-1), [1, -1], { ...once, maxKl: 5 })).toBe(
      'surrogate not improved',
    );
  });

  it('where a candidate is not finite', async () => {
    // the third power of a step of 1e14 overflows
    const cubic = ofBiases([1, 1], (b) => b.mul(b).mul(b));
    expect(await refused(cubic, 0.5, [1, -1], { ...once, maxKl: 1e28 })).toBe('not finite');
  });

  it('where the gradient is zero', async () => {
    expect(await refused(bias([0, 0]), 0.5, [0, 0], {})).toBe('gradient is zero');
  });

  it('with an error where there is no direction: the policy is certain, and its Fisher matrix 0', async () => {
    const policy = bias([0, -200]);
    const before = Array.from(policy.parameters.vector.dataSync());
    const told = stepFrom(policy, [-200], [0], [1], [1], { damping: 0 });
    await expect(told).rejects.toThrow('conjugate gradient found no finite direction');
    expect(Array.from(policy.parameters.vector.dataSync())).toEqual(before);
    policy.parameters.vector.dispose();
  });
});
