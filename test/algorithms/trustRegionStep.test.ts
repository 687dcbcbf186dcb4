import { describe, expect, it } from 'vitest';
import { trustRegionStep } from '../../lib/algorithms/trustRegionStep';
import { tf } from '../../lib/engine/tensorflow';
import { expectClose } from '../close';
import golden from '../golden/trustRegion.json';
import { smallPolicy } from './smallPolicy';

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
    const step = await trustRegionStep(policy, batch, 1, 3, { ...config, ...changes });
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
    expectClose(theta, outputs.accepted, 1e-3);
    expectClose(step.kl_step, accepted.kl, 1e-3);
    expectClose(step.surrogate_improvement, accepted.improvement, 1e-3);
    expectClose(step.grad_norm, Math.hypot(...outputs.gradient), 1e-5);
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
    expectClose(theta, inputs.theta, 1e-7);
  });

  it('takes no step without a gradient', async () => {
    const { step, theta } = await run(
      {},
      inputs.advantages.map((row) => row.map(() => 0)),
    );
    expect(step).toMatchObject({ refused: 'gradient is zero', line_search_success: 0, grad_norm: 0 });
    expectClose(theta, inputs.theta, 1e-7);
  });

  it('stops at a gradient that is not finite', async () => {
    const poisoned = inputs.advantages.map((row) => row.map(() => Number.NaN));
    await expect(run({}, poisoned)).rejects.toThrow('step 3 was not taken');
  });
});
