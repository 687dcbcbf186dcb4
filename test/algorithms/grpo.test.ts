import { expect, it } from 'vitest';
import { type GrpoConfig, type GrpoRow, grpo } from '../../lib/algorithms/grpo';
import { presets } from '../../lib/algorithms/presets';
import { tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { mean, standardError } from '../../lib/math/statistics';
import { expectClose } from '../close';
import { matchingPolicy, matchingTask } from './matchingTask';

const config: GrpoConfig = {
  ...presets.deepseekMath.grpo,
  learningRate: 0.03,
  steps: 1,
  queries: 4,
  groupSize: 4,
  evaluateEvery: 20,
};

/** A run with a reference that is the policy scaled, and by how much it moved the parameters. */
async function run(changes: Partial<GrpoConfig>, scale: number, task = matchingTask(), seed = 3) {
  const [policy, reference] = [matchingPolicy(), matchingPolicy()];
  const { vector } = reference.parameters;
  tf.tidy(() => vector.assign(vector.mul(scale)));
  const before = tf.memory().numTensors;
  const rows: GrpoRow[] = [];
  const loop = grpo(task, policy, reference, { ...config, ...changes }, seededRandom(seed));
  for await (const row of loop) rows.push(row);
  expect(tf.memory().numTensors).toBe(before);
  const parameters = Array.from(policy.parameters.vector.dataSync());
  for (const model of [policy, reference]) model.parameters.vector.dispose();
  return { rows, parameters };
}

const exact = { klEstimator: 'exact', klCoefficient: 1 } as const;

it('adds nothing to the first update where policy and reference are the same: the exact KL is at its least', async () => {
  const held = await run(exact, 1);
  const free = await run({ klCoefficient: 0 }, 1);
  expectClose(held.rows[0]!.policy_loss, free.rows[0]!.policy_loss, 1e-6);
  expectClose(held.rows[0]!.grad_norm, free.rows[0]!.grad_norm, 1e-5);
});

it('leads back to the reference by the exact KL alone, also in minibatches', async () => {
  // equal rewards: nothing else is left to learn
  const nothing = matchingTask(() => 0);
  const changes = { ...exact, steps: 60, minibatches: 2, schedule: 'constant' } as const;
  const { rows } = await run(changes, -1.5, nothing);
  expect(rows.at(-1)!.kl).toBeLessThan(0.02 * rows[0]!.kl!);
  expect(rows[0]!.policy_loss).toBeGreaterThan(0);
});

it('is in the mean the loss that k3 estimates', async () => {
  const nothing = matchingTask(() => 0);
  // sums: a response's own length depends on its last action, so that a mean over its tokens is not unbiased
  const changes = { queries: 64, klCoefficient: 1, aggregation: 'seq-mean-token-sum' } as const;
  const lossOf = async (klEstimator: 'exact' | 'k3', seed: number) =>
    (await run({ ...changes, klEstimator }, -1.5, nothing, seed)).rows[0]!.policy_loss;
  const differences: number[] = [];
  for (let seed = 1; seed <= 12; seed++) {
    differences.push((await lossOf('k3', seed)) - (await lossOf('exact', seed)));
  }
  // a bound that chance passes once in a thousand times: Student's t of 11 degrees of freedom
  expect(Math.abs(mean(differences))).toBeLessThan(4.5 * standardError(differences));
  expect(standardError(differences)).toBeGreaterThan(0);
});

it('refuses the exact KL as a part of the rewards', async () => {
  await expect(run({ ...exact, klPlace: 'reward' }, 1)).rejects.toThrow(
    'klEstimator is "exact" and klPlace is "reward"; expected "loss"',
  );
});
