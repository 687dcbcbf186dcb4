import fc from 'fast-check';
import { expect, it } from 'vitest';
import { logRatioRows, meanK3, requireReference } from '../../../lib/algorithms/updates/reference';
import { tf } from '../../../lib/engine/tensorflow';
import { seededRandom } from '../../../lib/math/random';
import { expectClose } from '../../close';
import golden from '../../golden/klDivergence.json';
import { matchingPolicy, matchingTask } from '../matchingTask';

it("averages verl's k3 over all actions of all trajectories", () => {
  const { inputs, outputs } = golden.kl_k3;
  const rows = inputs.logprobs.map((row, b) => row.map((value, t) => value - inputs.ref_logprobs[b]![t]!));
  const all = outputs.kl.flat();
  // float64 on both sides
  expectClose(meanK3(rows), all.reduce((a, b) => a + b) / all.length, 1e-14);
  expectClose(meanK3([rows.flat(), []]), meanK3(rows), 1e-14);
});

it('is 0 where the policy is the reference, and never negative', () => {
  expect(meanK3([[0, 0], [0]])).toBe(0);
  fc.assert(
    fc.property(fc.double({ min: -20, max: 20, noNaN: true }), (k1) => {
      // float64 beside numbers of size |k1|
      expect(meanK3([[k1]])).toBeGreaterThanOrEqual(-1e-15 * Math.abs(k1));
    }),
  );
});

it('takes the log-ratio at each action of each trajectory, and leaves nothing behind', async () => {
  const policy = matchingPolicy();
  const request = { queries: 2, groupSize: 2, temperature: 1 };
  const rollout = await matchingTask().rollOut(policy, request, seededRandom(3));
  const refLogProbs = tf.tidy(() => rollout.logProbs.sub<tf.Tensor2D>(0.5));
  const before = tf.memory().numTensors;
  const rows = await logRatioRows(rollout, refLogProbs);
  expect(tf.memory().numTensors).toBe(before);
  expect(rows.map(({ length }) => length)).toEqual(rollout.trajectories.map(({ rewards }) => rewards.length));
  expectClose(
    rows.flat(),
    rows.flat().map(() => 0.5),
    1e-6,
  );
  tf.dispose([
    refLogProbs,
    rollout.logProbs,
    rollout.mask,
    rollout.actions,
    ...Object.values(rollout.states),
  ]);
  policy.parameters.vector.dispose();
});

it('asks for a reference where a coefficient needs one', () => {
  expect(() => requireReference(0.1, null)).toThrow('klCoefficient is 0.1, but there is no reference policy');
  expect(() => requireReference(0, null)).not.toThrow();
  expect(() => requireReference(0.1, {})).not.toThrow();
});
