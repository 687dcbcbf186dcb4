import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { InputError } from '../../lib/errors/inputError';
import { aggregate } from '../../lib/losses/aggregation';
import { cispoLoss } from '../../lib/losses/cispo';
import { clippedSurrogateLoss } from '../../lib/losses/clippedSurrogate';
import {
  type GroupRelativeOptions,
  groupRelative,
  groupRelativeLoss,
  type OwnSurrogate,
  type SurrogateTerms,
} from '../../lib/losses/groupRelative';
import { estimateKl, exactKl } from '../../lib/losses/klDivergence';
import { expectClose } from '../close';
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

const usual = { clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0.04 };

const loss = (options: GroupRelativeOptions) => (logProbs: tf.Tensor2D) => {
  const { oldLogProbs, refLogProbs, advantages, mask } = tensors(batch.response_advantages);
  return groupRelativeLoss(logProbs, oldLogProbs, refLogProbs, advantages, mask, options);
};

describe('golden values', () => {
  it.each(['token-mean', 'seq-mean-token-mean', 'seq-mean-token-sum-norm'] as const)(
    "TRL's GRPO by %s",
    (aggregation) => {
      expectGolden(`grpo_loss_k3_${aggregation}`, loss({ ...usual, aggregation }));
    },
  );

  it("TRL's first update, at which the policy is the old one and the ratio 1", () => {
    expectGolden('grpo_loss_on_policy', (logProbs) => {
      const { refLogProbs, advantages, mask } = tensors(batch.response_advantages);
      // TRL detaches the policy's own log-probs
      return groupRelativeLoss(logProbs, logProbs, refLogProbs, advantages, mask, usual);
    });
  });
});

it('is a loss of 0 with a gradient that is not, where advantages sum to 0 and the ratio is 1', () => {
  const { loss: value, gradient } = tf.tidy(() =>
    lossAndGradient(
      (x) =>
        groupRelativeLoss(x, tf.tensor2d([[-1], [-2]]), null, tf.tensor2d([[1], [-1]]), tf.ones([2, 1]), {
          ...usual,
          klCoefficient: 0,
        }),
      [[-1], [-2]],
    ),
  );
  expect(Math.abs(value)).toBe(0);
  expectClose(gradient, [[-0.5], [0.5]], tolerance);
});

it('without a KL term is the clipped surrogate, or CISPO where that is asked for', () => {
  const { oldLogProbs, advantages, mask } = tensors(batch.response_advantages);
  const clipped = lossAndGradient((x) => clippedSurrogateLoss(x, oldLogProbs, advantages, mask, usual));
  const own = lossAndGradient(loss({ ...usual, klCoefficient: 0 }));
  expect(own).toEqual(clipped);
  const cispo = lossAndGradient((x) => cispoLoss(x, oldLogProbs, advantages, mask, usual));
  expect(lossAndGradient(loss({ ...usual, klCoefficient: 0, surrogate: 'cispo' }))).toEqual(cispo);
});

it('is the surrogate plus β times the KL: the KL alone where no advantage differs from 0', () => {
  const number = fc.integer({ min: -40, max: 0 }).map((tenths) => tenths / 10);
  const row = fc.tuple(number, number, number);
  const estimator = fc.constantFrom('k1' as const, 'k2' as const, 'k3' as const, 'k3+' as const);
  fc.assert(
    fc.property(row, row, row, estimator, (now, old, reference, klEstimator) => {
      const told = (f: (x: tf.Tensor2D, ref: tf.Tensor2D, mask: tf.Tensor2D) => tf.Scalar) =>
        tf.tidy(() => lossAndGradient((x) => f(x, tensor([reference]), tensor([[1, 1, 0]])), [now]));
      const loss = (klCoefficient: number, advantage: number) =>
        told((x, ref, mask) =>
          groupRelativeLoss(x, tensor([old]), ref, tf.fill([1, 3], advantage), mask, {
            ...usual,
            klCoefficient,
            klEstimator,
          }),
        );
      const kl = told((x, ref, mask) => aggregate(estimateKl(x, ref, klEstimator), mask, 'token-mean'));
      const [alone, without, both] = [loss(0.5, 0), loss(0, 1), loss(0.5, 1)];
      expectClose(alone.loss, kl.loss / 2, tolerance);
      expectClose(both.loss, without.loss + kl.loss / 2, tolerance);
      const sum = without.gradient[0]!.map((slope, t) => slope + kl.gradient[0]![t]! / 2);
      // k3's slope reaches e⁴, which is rounded by 4e-6
      expectClose(both.gradient[0], sum, 4 * tolerance);
    }),
    { numRuns: 25 },
  );
});

it.each([
  {},
  { ratio: 'sequence' },
  { klEstimator: 'k2' },
  { klEstimator: 'k1' },
  { klWeighting: 'ratio' },
] as const)('has the gradient of its central differences with %j', (options) => {
  const { oldLogProbs, refLogProbs, advantages, mask } = smallTensors();
  expectCentralDifferences(
    (x) =>
      groupRelativeLoss(x, oldLogProbs, refLogProbs, advantages, mask, {
        ...usual,
        klCoefficient: 0.5,
        ...options,
      }),
    small.logProbs,
  );
});

it('weighted by the ratio, k3 of what π_old samples has the KL of π for its mean, and its gradient', () => {
  const number = fc.integer({ min: -20, max: 20 }).map((tenths) => tenths / 10);
  const logits = fc.tuple(number, number, number);
  fc.assert(
    fc.property(logits, logits, logits, (now, old, reference) => {
      const told = (f: (z: tf.Tensor2D) => tf.Tensor) =>
        tf.tidy(() => lossAndGradient((z) => f(z) as tf.Scalar, [now]));
      /** Over all actions, each as often as π_old takes it. */
      const mean = told((z) => {
        const [oldLogProbs, refLogProbs] = [tf.logSoftmax(tensor([old])), tf.logSoftmax(tensor([reference]))];
        const nothing = tf.zeros<tf.Rank.R2>([1, 3]);
        const options = { ...usual, klCoefficient: 1, klWeighting: 'ratio' } as const;
        const everywhere = tf.ones<tf.Rank.R2>([1, 3]);
        return groupRelative(tf.logSoftmax(z), oldLogProbs, refLogProbs, nothing, everywhere, options)
          .mul(oldLogProbs.exp())
          .sum();
      });
      const exact = told((z) => exactKl(z.expandDims(0), tensor([reference]).expandDims(0)).sum());
      // k3 reaches e⁴, rounded by 4e-6
      expectClose(mean.loss, exact.loss, 1e-5);
      expectClose(mean.gradient, exact.gradient, 1e-5);
    }),
    { numRuns: 25 },
  );
});

describe('a surrogate of one’s own', () => {
  it('that is written as the clipped one is the clipped one, with its KL term and its gradient', () => {
    const own: OwnSurrogate = ({ ratio, advantages }) =>
      tf.minimum(ratio.mul(advantages), ratio.clipByValue(0.8, 1.2).mul(advantages)).neg();
    for (const ratio of ['token', 'sequence'] as const) {
      const mine = lossAndGradient(loss({ ...usual, ratio, surrogate: own }));
      const clipped = lossAndGradient(loss({ ...usual, ratio }));
      expectClose(mine.loss, clipped.loss, tolerance);
      expectClose(mine.gradient, clipped.gradient, tolerance);
    }
  });

  it('gets a gradient through the log-probs, and sees nothing of what is masked', () => {
    const mask = tensor([[1, 0]]);
    const own: OwnSurrogate = ({ ratio, logProbs, advantages }) => {
      expect([ratio, logProbs, advantages].map((terms) => [...terms.dataSync()])).toEqual([
        [1, 1],
        [-1, 0],
        [2, 0],
      ]);
      return logProbs.mul(advantages).neg();
    };
    const advantages = tensor([[2, Number.NaN]]);
    const told = tf.tidy(() =>
      lossAndGradient(
        (x) =>
          groupRelativeLoss(x, tensor([[-1, -1]]), null, advantages, mask, {
            ...usual,
            klCoefficient: 0,
            surrogate: own,
          }),
        [[-1, Number.NaN]],
      ),
    );
    expect(told).toEqual({ loss: 2, gradient: [[-2, 0]] });
  });

  it.each([
    [
      () => undefined,
      'the surrogate gave undefined; expected a tensor of shape [1, 2], the loss of each token.',
    ],
    [
      ({ ratio }: SurrogateTerms) => ratio.mean(),
      'the surrogate gave a tensor of shape []; expected a tensor of shape [1, 2], the loss of each token.',
    ],
  ])('gives the loss of each token, or is refused', (surrogate, sentence) => {
    const x = tensor([[-1, -2]]);
    const options = { ...usual, klCoefficient: 0, surrogate: surrogate as unknown as OwnSurrogate };
    expect(() => groupRelativeLoss(x, x, null, x, tf.ones([1, 2]), options)).toThrow(
      new InputError(sentence),
    );
  });
});

it('refuses a KL term without a reference', () => {
  const { oldLogProbs, advantages, mask } = smallTensors();
  expect(() => groupRelativeLoss(oldLogProbs, oldLogProbs, null, advantages, mask, usual)).toThrow(
    'klCoefficient is 0.04, but there are no reference log-probs',
  );
});
