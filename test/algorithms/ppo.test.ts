import { describe, expect, it } from 'vitest';
import { type PpoConfig, type PpoRow, ppo } from '../../lib/algorithms/ppo';
import { presets } from '../../lib/algorithms/presets';
import type { TokenRow } from '../../lib/algorithms/rollouts/tokenRows';
import { tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { mean } from '../../lib/math/statistics';
import { expectClose } from '../close';
import { matchingCritic, matchingPolicy, matchingTask } from './matchingTask';

const config: PpoConfig = {
  ...presets.cleanrl.ppo,
  learningRate: 0.03,
  valueLearningRate: 0.03,
  steps: 2,
  queries: 4,
  groupSize: 4,
  evaluateEvery: 2,
};

/** A run with a reference that is not the policy, and what it made of policy and critic. */
async function run(changes: Partial<PpoConfig>) {
  const models = { policy: matchingPolicy(), critic: matchingCritic(), reference: matchingPolicy() };
  const { vector } = models.reference.parameters;
  tf.tidy(() => vector.assign(vector.mul(-1.5)));
  const inspection = { tokens: [] as TokenRow[], every: 1 };
  const rows: PpoRow[] = [];
  const loop = ppo(matchingTask(), models, { ...config, ...changes }, seededRandom(3), inspection);
  for await (const row of loop) rows.push(row);
  const [policy, critic] = [models.policy, models.critic].map((model) =>
    Array.from(model.parameters.vector.dataSync()),
  );
  for (const { parameters } of Object.values(models)) parameters.vector.dispose();
  return { rows, tokens: inspection.tokens, policy, critic };
}

it('stops policy and critic, or the policy alone, where the KL passes its bound', async () => {
  const once = { steps: 1, klStop: 1e-9 };
  const both = await run(once);
  const policyAlone = await run({ ...once, klStops: 'policy' });
  const never = await run({ steps: 1 });
  expect(both.rows[0]!.updates).toBe(1);
  expect(policyAlone.rows[0]!.updates).toBe(1);
  expect(never.rows[0]!.updates).toBe(config.epochs * config.minibatches);
  expect(policyAlone.policy).toEqual(both.policy);
  expect(policyAlone.critic).toEqual(never.critic);
  expect(policyAlone.critic).not.toEqual(both.critic);
});

it('stops by the estimate that is named', async () => {
  // k1 may be negative where k3 cannot
  const stops = { steps: 1, klStop: 0, epochs: 8, minibatches: 1 } as const;
  const { rows } = await run({ ...stops, klStopEstimator: 'k3' });
  expect(rows[0]!.updates).toBe(1);
  const free = await run({ ...stops, klStop: null, epochs: 2 });
  const k1 = await run({ ...stops, epochs: 2, klStopEstimator: 'k1' });
  // the mean of both updates, of which the first has 0
  expect(k1.rows[0]!.updates).toBe(free.rows[0]!.approx_kl_k1 > 0 ? 1 : 2);
});

it.each(['trajectory', 'token'] as const)('steers β by the KL of a %s', async (klPer) => {
  const control = { klCoefficient: 0.1, klControl: 'proportional', klHorizon: 100, klPer } as const;
  const { tokens } = await run({ ...control, steps: 1, klTarget: 1 });
  const trajectories = Array.from({ length: 16 }, (_, b) =>
    tokens.filter(({ trajectory }) => trajectory === b).map(({ kl }) => kl!),
  );
  const sums = trajectories.map((row) => row.reduce((a, b) => a + b));
  const kl = mean(klPer === 'token' ? trajectories.map(mean) : sums);
  // 10 % below what was measured: 0.1 · (1 + (1/0.9 − 1) · 16/100)
  const { rows } = await run({ ...control, klTarget: 0.9 * kl });
  expectClose(rows[1]!.kl_coefficient, 0.1 * (1 + (1 / 0.9 - 1) * 0.16), 1e-6);
});

it('trains the critic on λ-returns, or on the discounted rewards themselves', async () => {
  const [zero, one] = [{ lambda: 0, steps: 1 } as const, { lambda: 1, steps: 1 } as const];
  const valueLoss = async (changes: Partial<PpoConfig>) => (await run(changes)).rows[0]!.value_loss;
  expect(await valueLoss({ ...zero, valueTarget: 'return' })).toBeCloseTo(await valueLoss(one), 9);
  expect(await valueLoss({ ...zero, valueTarget: 'lambda-return' })).not.toBeCloseTo(await valueLoss(one), 3);
});

it('multiplies the critic’s loss', async () => {
  const once = { steps: 1, epochs: 1, minibatches: 1 } as const;
  const norm = async (valueCoefficient: number) =>
    (await run({ ...once, valueCoefficient })).rows[0]!.value_grad_norm;
  expect((await norm(0.25)) / (await norm(1))).toBeCloseTo(0.25, 5);
});

describe('the penalty on KL(π_old‖π)', () => {
  const free = { clipLow: 1, clipHigh: Number.POSITIVE_INFINITY, minibatches: 1 } as const;

  it('changes nothing of a first update: at π = π_old its gradient is 0', async () => {
    const once = { ...free, steps: 1, epochs: 1 };
    const [with_, without] = [await run({ ...once, updateKlCoefficient: 100 }), await run(once)];
    expectClose(with_.policy, without.policy, 1e-6);
    // an inspection asks for the KL too, the same without a penalty
    expectClose([with_.rows[0]!.update_kl!], [without.rows[0]!.update_kl!], 1e-9);
  });

  it('holds the later updates back, the more the larger β', async () => {
    const moved = async (updateKlCoefficient: number) =>
      (await run({ ...free, steps: 1, epochs: 8, updateKlCoefficient })).rows[0]!.update_kl!;
    const [none, some, much] = [await moved(0), await moved(1), await moved(30)];
    expect(some).toBeLessThan(none);
    expect(much).toBeLessThan(some / 2);
  });

  it('doubles β above one and a half targets, halves it below two thirds, and leaves it without a target', async () => {
    const next = async (changes: Partial<PpoConfig>) =>
      (await run({ ...free, updateKlCoefficient: 0.5, ...changes })).rows[1]!.update_kl_coefficient;
    expect(await next({ updateKlTarget: 1e-6 })).toBe(1);
    expect(await next({ updateKlTarget: 10 })).toBe(0.25);
    expect(await next({ updateKlTarget: null })).toBe(0.5);
  });
});
