/** What all losses make of what is masked: nothing, neither in the loss nor in its gradient, whatever stands there. */
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { aggregate } from '../../lib/losses/aggregation';
import { bradleyTerryLoss } from '../../lib/losses/bradleyTerry';
import { cispoLoss } from '../../lib/losses/cispo';
import { clippedSurrogateLoss } from '../../lib/losses/clippedSurrogate';
import { crossEntropyLoss } from '../../lib/losses/crossEntropy';
import { directPreferenceLoss } from '../../lib/losses/directPreference';
import { groupRelativeLoss } from '../../lib/losses/groupRelative';
import { plackettLuceLoss } from '../../lib/losses/plackettLuce';
import { policyGradientLoss } from '../../lib/losses/policyGradient';
import { ratioDiagnostics } from '../../lib/losses/ratioDiagnostics';
import { surrogateLoss } from '../../lib/losses/surrogate';
import { clippedValueLoss, valueRegressionLoss } from '../../lib/losses/valueRegression';

/** Three responses of up to three tokens; the last has none. */
const mask = [
  [1, 1, 0],
  [1, 0, 0],
  [0, 0, 0],
];
const on = mask.flat();

/** A loss of B × T numbers x, of others of the same shape that are constant, and of the mask. */
type Loss = (x: tf.Tensor2D, constant: (seed: number) => tf.Tensor2D, mask: tf.Tensor2D) => tf.Scalar;

const clip = { clipLow: 0.2, clipHigh: 0.2 };
const grpo = { ...clip, klCoefficient: 0.5 };

const losses: Readonly<Record<string, Loss>> = {
  policyGradientLoss: (x, constant, m) => policyGradientLoss(x, constant(1), m),
  surrogateLoss: (x, constant, m) => surrogateLoss(x, constant(1), constant(2), m),
  'clippedSurrogateLoss by token': (x, constant, m) =>
    clippedSurrogateLoss(x, constant(1), constant(2), m, { ...clip, dualClip: 3, ratioCap: 2 }),
  'clippedSurrogateLoss by response': (x, constant, m) =>
    clippedSurrogateLoss(x, constant(1), constant(2), m, {
      ...clip,
      ratio: 'sequence',
      aggregation: 'seq-mean-token-mean',
    }),
  'clippedSurrogateLoss by product': (x, constant, m) =>
    clippedSurrogateLoss(x, constant(1), constant(2), m, {
      ...clip,
      ratio: 'sequence-sum',
      aggregation: 'seq-mean-token-sum-norm',
    }),
  cispoLoss: (x, constant, m) => cispoLoss(x, constant(1), constant(2), m, clip),
  'groupRelativeLoss, k1': (x, constant, m) =>
    groupRelativeLoss(x, constant(1), constant(2), constant(3), m, { ...grpo, klEstimator: 'k1' }),
  'groupRelativeLoss, k2': (x, constant, m) =>
    groupRelativeLoss(x, constant(1), constant(2), constant(3), m, { ...grpo, klEstimator: 'k2' }),
  'groupRelativeLoss, k3': (x, constant, m) =>
    groupRelativeLoss(x, constant(1), constant(2), constant(3), m, grpo),
  'groupRelativeLoss, k3 within bounds': (x, constant, m) =>
    groupRelativeLoss(x, constant(1), constant(2), constant(3), m, {
      ...grpo,
      klClamp: { logRatio: 20, estimate: 10 },
    }),
  'groupRelativeLoss, k3+ and CISPO': (x, constant, m) =>
    groupRelativeLoss(x, constant(1), constant(2), constant(3), m, {
      ...grpo,
      klEstimator: 'k3+',
      surrogate: 'cispo',
    }),
  valueRegressionLoss: (x, constant, m) => valueRegressionLoss(x, constant(1), m),
  'clippedValueLoss, max': (x, constant, m) =>
    clippedValueLoss(x, constant(1), constant(2), m, { clipRange: 0.2, form: 'max' }),
  'clippedValueLoss, clip': (x, constant, m) =>
    clippedValueLoss(x, constant(1), constant(2), m, { clipRange: 1, form: 'clip' }),
  'clippedValueLoss without a clip': (x, constant, m) =>
    clippedValueLoss(x, constant(1), constant(2), m, { clipRange: null, form: 'max' }),
  ...Object.fromEntries(
    (['sigmoid', 'robust', 'hinge', 'ipo'] as const).map((form): [string, Loss] => [
      `directPreferenceLoss, ${form}`,
      (x, constant, m) =>
        directPreferenceLoss(
          { logProbs: x, refLogProbs: constant(1), mask: m },
          { logProbs: constant(2), refLogProbs: constant(3), mask: m },
          { beta: 0.1, form, labelSmoothing: 0.1 },
        ),
    ]),
  ),
};

/** Log-probs, values or advantages: all below 0 and all different. */
const numbers = (seed: number) => on.map((_, i) => -1 - 0.3 * Math.sin(7 * seed + 3 * i));

function evaluate(loss: Loss, masked: number | null) {
  return tf.tidy(() => {
    const rows = (seed: number) =>
      tf.tensor2d(
        numbers(seed).map((value, i) => (masked === null || on[i] ? value : masked)),
        [3, 3],
      );
    const { value, grad } = tf.valueAndGrad((x) => loss(x as tf.Tensor2D, rows, tf.tensor2d(mask)))(rows(0));
    return { loss: value.dataSync()[0]!, gradient: Array.from(grad.dataSync()) };
  });
}

const anything = [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -1e30];

describe.each(Object.entries(losses))('%s', (_, loss) => {
  it.each(anything)('takes no notice of %d in the padding', (masked) => {
    const told = evaluate(loss, masked);
    expect(told).toEqual(evaluate(loss, null));
    expect(Number.isFinite(told.loss)).toBe(true);
    told.gradient.forEach((slope, i) => {
      if (on[i]) expect(Math.abs(slope)).toBeGreaterThan(0);
      else expect(Math.abs(slope)).toBe(0);
    });
  });

  it('takes a mask of whole numbers for one of real numbers', () => {
    const whole: Loss = (x, constant, m) => loss(x, constant, m.toInt());
    expect(evaluate(whole, null)).toEqual(evaluate(loss, null));
  });

  it('is a finite number without any token, with the gradient 0', () => {
    const none: Loss = (x, constant, m) => loss(x, constant, tf.zerosLike(m));
    const { loss: value, gradient } = evaluate(none, Number.NaN);
    expect(Number.isFinite(value)).toBe(true);
    expect(gradient.every((slope) => slope === 0)).toBe(true);
  });
});

it.each(anything)('crossEntropyLoss takes no notice of logits of %d in the padding', (masked) => {
  const all = (otherwise: number | null) =>
    tf.tidy(() => {
      const logits = tf.tensor3d(
        on.flatMap((counts, i) => [0, 1].map((a) => (counts || otherwise === null ? a + i : otherwise))),
        [3, 3, 2],
      );
      const targets = tf.tensor2d(
        on.map((counts, i) => (counts ? i % 2 : -100)),
        [3, 3],
        'int32',
      );
      const { value, grad } = tf.valueAndGrad((z) =>
        crossEntropyLoss(z as tf.Tensor3D, targets, tf.tensor2d(mask)),
      )(logits);
      return [value.dataSync()[0], ...grad.dataSync()];
    });
  expect(all(masked)).toEqual(all(null));
  expect(all(masked).every(Number.isFinite)).toBe(true);
});

describe.each(anything)('scores of %d where a ranking is padded', (masked) => {
  /** Loss and gradient of a ranking 0 ≻ 1, and of a third response that takes no part. */
  const evaluateScores = (loss: (scores: tf.Tensor2D) => tf.Scalar, third: number) =>
    tf.tidy(() => {
      const { value, grad } = tf.valueAndGrad((s) => loss(s as tf.Tensor2D))(
        tf.tensor2d([[0.3, 0.5, third]]),
      );
      return [value.dataSync()[0], ...grad.dataSync()];
    });
  const preferred = [
    [
      [0, 1, 0],
      [0, 0, 0],
      [0, 0, 0],
    ],
  ];
  const remaining = [
    [
      [1, 1, 0],
      [0, 1, 0],
      [0, 0, 0],
    ],
  ];

  it.each([
    [
      'bradleyTerryLoss',
      (scores) => bradleyTerryLoss(scores, tf.tensor3d(preferred), { margin: 0.1, centering: 0.01 }),
    ],
    ['plackettLuceLoss', (scores) => plackettLuceLoss(scores, tf.tensor3d(remaining))],
  ] as [string, (scores: tf.Tensor2D) => tf.Scalar][])('do nothing to %s', (_, loss) => {
    const told = evaluateScores(loss, masked);
    expect(told).toEqual(evaluateScores(loss, 0));
    expect(told[3]).toBe(0);
    expect(told.every(Number.isFinite)).toBe(true);
  });
});

it.each(anything)('ratioDiagnostics and aggregate take no notice of %d in the padding', (masked) => {
  const told = (otherwise: number | null) =>
    tf.tidy(() => {
      const rows = (seed: number) =>
        tf.tensor2d(
          numbers(seed).map((value, i) => (otherwise === null || on[i] ? value : otherwise)),
          [3, 3],
        );
      const diagnostics = ratioDiagnostics(rows(0), rows(1), rows(2), tf.tensor2d(mask), clip);
      const mean = aggregate(rows(3), tf.tensor2d(mask), 'token-mean');
      return [...Object.values(diagnostics), mean].map((value) => value.dataSync()[0]!);
    });
  expect(told(masked)).toEqual(told(null));
  expect(told(masked).every(Number.isFinite)).toBe(true);
});
