import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { clippedSurrogate, clippedSurrogateLoss } from '../../lib/losses/clippedSurrogate';
import { surrogateLoss } from '../../lib/losses/surrogate';
import { expectClose, expectCloseInScale } from '../close';
import estimators from '../golden/estimators.json';
import {
  batch,
  expectCentralDifferences,
  expectGolden,
  lossAndGradient,
  small,
  smallTensors,
  tensor,
  tensors,
  tolerance,
} from './policyBatch';

const clip = { clipLow: 0.2, clipHigh: 0.2 };

function loss(
  advantages: Parameters<typeof tensors>[0],
  options: Parameters<typeof clippedSurrogateLoss>[4],
): (logProbs: tf.Tensor2D) => tf.Scalar {
  return (logProbs) => {
    const all = tensors(advantages);
    return clippedSurrogateLoss(logProbs, all.oldLogProbs, all.advantages, all.mask, options);
  };
}

describe('golden values', () => {
  it.each(['token-mean', 'seq-mean-token-mean', 'seq-mean-token-sum-norm'] as const)(
    "verl's PPO by %s",
    (aggregation) => {
      expectGolden(`ppo_clip_${aggregation}`, loss(batch.token_advantages, { ...clip, aggregation }));
    },
  );

  it("verl's dual clip on advantages below 0", () => {
    expectGolden('ppo_dual_clip_token-mean', loss(batch.negative_advantages, { ...clip, dualClip: 1.5 }));
  });

  it("verl's dual clip on advantages of both signs, with ratios beyond every bound", () => {
    const { inputs, outputs, params } = estimators.dual_clip;
    const options = { clipLow: params.clip_low, clipHigh: params.clip_high, dualClip: params.dual_clip };
    const { loss: value, gradient } = tf.tidy(() =>
      lossAndGradient(
        (x) => clippedSurrogateLoss(x, tf.zeros([4, 4]), tensor(inputs.advantages), tf.ones([4, 4]), options),
        inputs.log_probs,
      ),
    );
    expectCloseInScale(value, outputs.loss, tolerance);
    expectCloseInScale(gradient, outputs.gradient, tolerance);
  });

  it("verl's asymmetric clip (DAPO)", () => {
    expectGolden('dapo_clip_higher', loss(batch.response_advantages, { clipLow: 0.2, clipHigh: 0.28 }));
  });

  it("TRL's cap on the ratio (delta)", () => {
    expectGolden('grpo_two_sided_delta', loss(batch.response_advantages, { ...clip, ratioCap: 1.5 }));
  });

  it.each([
    ['gspo_wide', 0.2, 0.2],
    ['gspo_tight', 0.03, 0.04],
  ] as const)("verl's ratio of a response (%s)", (name, clipLow, clipHigh) => {
    const aggregation = 'seq-mean-token-mean';
    expectGolden(
      name,
      loss(batch.response_advantages, { clipLow, clipHigh, ratio: 'sequence', aggregation }),
    );
  });

  it("TRL's RLOO, with the ratio of the whole response", () => {
    const aggregation = 'seq-mean-token-mean';
    expectGolden(
      'rloo_loss',
      loss(batch.response_advantages, { ...clip, ratio: 'sequence-sum', aggregation }),
    );
  });
});

describe('identities', () => {
  it('has the gradient −Â/N where the policy is still the old one', () => {
    const f = loss(batch.token_advantages, clip);
    const { gradient } = lossAndGradient(f, batch.old_log_probs);
    const tokens = batch.mask.flat().reduce((a, b) => a + b);
    const expected = batch.token_advantages.map((row, b) =>
      row.map((advantage, t) => (batch.mask[b]![t]! * -advantage) / tokens),
    );
    expectClose(gradient, expected, tolerance);
  });

  it("is TRPO's surrogate where the clip is wide", () => {
    const { oldLogProbs, advantages, mask } = tensors(batch.token_advantages);
    const free = lossAndGradient((x) => surrogateLoss(x, oldLogProbs, advantages, mask));
    const wide = lossAndGradient(loss(batch.token_advantages, { clipLow: 1e6, clipHigh: 1e6 }));
    expectClose(wide.loss, free.loss, tolerance);
    expectClose(wide.gradient, free.gradient, tolerance);
  });

  it('gives no gradient to a token that the clip holds, and gives it back on the other side', () => {
    const [low, high] = [Math.log(0.7), Math.log(1.3)];
    const { gradient } = tf.tidy(() =>
      lossAndGradient(
        (x) =>
          clippedSurrogateLoss(x, tf.zeros([1, 4]), tf.tensor2d([[1, -1, 1, -1]]), tf.ones([1, 4]), clip),
        [[high, low, low, high]],
      ),
    );
    expectClose(gradient, [[0, 0, -0.7 / 4, 1.3 / 4]], tolerance);
  });
});

it.each([
  { ratio: 'token' },
  { ratio: 'sequence' },
  { ratio: 'sequence-sum' },
  // the second advantage is negative: its loss is held at 0.9 of it, and its ratio of 0.95 counts as 0.8
  { dualClip: 0.9, clipHigh: 0.5 },
  { ratioCap: 0.8, clipHigh: 0.5 },
  { aggregation: 'seq-mean-token-mean' },
  { aggregation: 'seq-mean-token-sum' },
  { aggregation: 'seq-mean-token-sum-norm', maxLength: 7 },
  { aggregation: 'token-sum' },
] as const)('has the gradient of its central differences with %j', (options) => {
  const { oldLogProbs, advantages, mask } = smallTensors();
  expectCentralDifferences(
    (x) => clippedSurrogateLoss(x, oldLogProbs, advantages, mask, { ...clip, ...options }),
    small.logProbs,
  );
});

it('is the surrogate as ε grows without bound, and a constant as it shrinks to 0', () => {
  const number = fc.integer({ min: -40, max: 0 }).map((tenths) => tenths / 10);
  const row = fc.tuple(number, number, number);
  fc.assert(
    fc.property(row, row, row, (now, old, advantages) => {
      const told = (f: (x: tf.Tensor2D, ...constant: [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]) => tf.Scalar) =>
        tf.tidy(() =>
          lossAndGradient((x) => f(x, tensor([old]), tensor([advantages]), tf.ones([1, 3])), [now]),
        );
      const free = told(surrogateLoss);
      const wide = told((...all) => clippedSurrogateLoss(...all, { clipLow: 1, clipHigh: 1e9 }));
      expect(wide).toEqual(free);
      // ε of 0 still lets through what makes the loss worse
      const none = told((...all) => clippedSurrogateLoss(...all, { clipLow: 0, clipHigh: 0 }));
      const worse = now.map((value, t) => (value < old[t]! ? advantages[t]! > 0 : advantages[t]! < 0));
      expectClose(
        none.gradient[0],
        free.gradient[0]!.map((slope, t) => (worse[t] || now[t] === old[t] ? slope : 0)),
        tolerance,
      );
    }),
    { numRuns: 25 },
  );
});

it('is never below the free surrogate, and never above −cÂ where the dual clip holds', () => {
  const ratio = fc.float({ min: Math.fround(0.01), max: 10, noNaN: true });
  const advantage = fc.float({ min: -5, max: 5, noNaN: true });
  fc.assert(
    fc.property(ratio, advantage, (rho, a) => {
      tf.tidy(() => {
        const [r, A] = [tensor([[rho]]), tensor([[a]])];
        const one = (options: Parameters<typeof clippedSurrogate>[2]) =>
          clippedSurrogate(r, A, options).dataSync()[0]!;
        const rounding = 1e-5 * Math.max(1, Math.abs(rho * a));
        expect(one(clip)).toBeGreaterThanOrEqual(-rho * a - rounding);
        const dual = one({ ...clip, dualClip: 3 });
        expect(dual).toBeLessThanOrEqual(one(clip) + rounding);
        if (a < 0) expect(dual).toBeLessThanOrEqual(-3 * a + rounding);
      });
    }),
    { numRuns: 50 },
  );
});
