import { expect, it } from 'vitest';
import { tf } from '../../../lib/engine/tensorflow';
import { additionSettings } from '../../../lib/experiments/additionSettings';
import { readAssistant } from '../../../lib/experiments/assistant';
import { ratiosByEpoch } from '../../../lib/lessons/ppo/ratiosByEpoch';
import { seededRandom } from '../../../lib/math/random';

it('sees the same rollout each time, on which the policy moves on', async () => {
  const assistant = await readAssistant();
  const before = tf.memory().numTensors;
  const config = { ...additionSettings.ppo, queries: 4, groupSize: 2, minibatches: 1, warmupSteps: 0 };
  const { rows, tokens, first } = await ratiosByEpoch(assistant, config, [1, 3], seededRandom(1));
  expect(tf.memory().numTensors).toBe(before);
  const [once, thrice] = [1, 3].map((epochs) => tokens.filter((token) => token.epochs === epochs));
  expect(thrice!.map(({ old_log_prob }) => old_log_prob)).toEqual(
    once!.map(({ old_log_prob }) => old_log_prob),
  );
  expect(rows[1]!.exact_kl).toBeGreaterThan(rows[0]!.exact_kl);
  // measured before the first update, where ρ is 1 up to the rounding of two forward passes
  expect(first.clip_fraction).toBe(0);
  expect(first.ratio_max).toBeCloseTo(1, 5);
  expect(first.grad_norm).toBeGreaterThan(0);
  await expect(ratiosByEpoch(assistant, config, [], seededRandom(1))).rejects.toThrow('with 1 among them');
});
