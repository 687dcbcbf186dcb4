import { expect, it } from 'vitest';
import { presets } from '../../lib/algorithms/presets';
import { type TrpoConfig, type TrpoRow, trpo } from '../../lib/algorithms/trpo';
import { seededRandom } from '../../lib/math/random';
import { matchingCritic, matchingPolicy, matchingTask } from './matchingTask';

/** What is left to its default unless a test says it. */
const { valueMinibatches: _, klDirection: __, ...sb3 } = presets.sb3.trpo;

async function run(changes: Partial<TrpoConfig>) {
  const size = { steps: 1, queries: 4, groupSize: 4, evaluateEvery: 1 };
  const models = { policy: matchingPolicy(), critic: matchingCritic(), reference: null };
  const config: TrpoConfig = { ...sb3, valueSteps: 3, ...size, ...changes };
  const rows: TrpoRow[] = [];
  for await (const row of trpo(matchingTask(), models, config, seededRandom(2))) rows.push(row);
  const critic = Array.from(models.critic.parameters.vector.dataSync());
  for (const { parameters } of [models.policy, models.critic]) parameters.vector.dispose();
  return { row: rows[0]!, critic };
}

it('trains the critic on the whole rollout or on minibatches of it, and the policy alike', async () => {
  const [whole, one, four] = [
    await run({}),
    await run({ valueMinibatches: 1 }),
    await run({ valueMinibatches: 4 }),
  ];
  expect(one).toEqual(whole);
  expect(four.row).toEqual(whole.row);
  expect(four.critic).not.toEqual(whole.critic);
});

it('measures the step’s KL in the direction that is asked for: alike for a small step, not for a large one', async () => {
  const kl = async (klDirection: 'old-new' | 'new-old', maxKl: number) =>
    (await run({ klDirection, maxKl, damping: 1e-3 })).row.kl_step;
  const [forward, backward] = [await kl('old-new', 1e-4), await kl('new-old', 1e-4)];
  expect(forward / backward).toBeCloseTo(1, 1);
  expect((await run({ maxKl: 1e-4, damping: 1e-3 })).row.kl_step).toBe(forward);
  expect(Math.abs((await kl('old-new', 0.5)) / (await kl('new-old', 0.5)) - 1)).toBeGreaterThan(0.01);
});
