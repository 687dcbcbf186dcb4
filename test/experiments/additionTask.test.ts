import { describe, expect, it } from 'vitest';
import { disposeRollout } from '../../lib/algorithms/rollouts/rollout';
import { ready, tf } from '../../lib/engine/tensorflow';
import { additionTask, isRightSum, rightSum } from '../../lib/experiments/additionTask';
import { assistantModels, readAssistant } from '../../lib/experiments/assistant';
import { seededRandom } from '../../lib/math/random';
import type { Reward } from '../../lib/tasks/reward';

await ready;
const assistant = await readAssistant();
const { policy, heldOut } = assistant;
const request = { queries: 2, groupSize: 3, temperature: 1 };
const answer = (response: string) => ({ query: 'What is 2+3?', response, tokens: 6, ended: true });

describe('additionTask', () => {
  it('rewards the right sum, and counts it', () => {
    expect(rightSum.score([answer('2+3 is 5'), answer('2+3 is 6'), answer('')])).toEqual([1, 0, 0]);
    expect([answer('2+3 is 5'), answer('2+3 is 6'), answer('')].map(isRightSum)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('takes rewards of the user, by their weights and beside each other', async () => {
    const short: Reward = { name: 'short', score: (all) => all.map(({ tokens }) => -tokens) };
    const task = additionTask(assistant, {
      reward: [
        { reward: rightSum, weight: 1 },
        { reward: short, weight: 0.1 },
      ],
    });
    const rollout = await task.rollOut(policy, request, seededRandom(1));
    for (const { rewards, actions, scores } of rollout.trajectories) {
      expect(scores.short).toBe(-actions.length);
      expect(rewards.at(-1)).toBeCloseTo(scores.correct! - 0.1 * actions.length, 12);
    }
    disposeRollout(rollout);
  });

  it('asks other questions where they are named', async () => {
    const task = additionTask(assistant, { queries: heldOut });
    const rollout = await task.rollOut(policy, { ...request, queries: heldOut.length }, seededRandom(1));
    expect(new Set(rollout.trajectories.map(({ query }) => query))).toEqual(new Set(heldOut));
    disposeRollout(rollout);
  });

  it('refuses to reward nothing', () => {
    expect(() => additionTask(assistant, { reward: [] })).toThrow(/there are no rewards/u);
  });
});

describe('assistantModels', () => {
  it('leaves the assistant as it is while the policy is trained', () => {
    const models = assistantModels(assistant, seededRandom(1));
    expect(models.reference).toBe(policy);
    const before = Array.from(policy.parameters.vector.dataSync());
    tf.tidy(() => models.policy.parameters.vector.assign(models.policy.parameters.vector.add(1)));
    expect(Array.from(policy.parameters.vector.dataSync())).toEqual(before);
  });
});
