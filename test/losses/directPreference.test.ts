import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { type DirectPreferenceOptions, directPreferenceLoss } from '../../lib/losses/directPreference';
import { expectClose, expectCloseInScale, numericalGradient } from '../close';
import golden from '../golden/directPreference.json';

/** Float32 rounds by 6e-8; sums of six tokens, squared for ipo, keep 2e-6. */
const tolerance = 2e-6;

type Rows = readonly (readonly number[])[];
interface Preferences {
  readonly logprobs_chosen: Rows;
  readonly logprobs_rejected: Rows;
  readonly ref_logprobs_chosen: Rows;
  readonly ref_logprobs_rejected: Rows;
  readonly mask_chosen: Rows;
  readonly mask_rejected: Rows;
}

function evaluate(preferences: Preferences, options: DirectPreferenceOptions) {
  return tf.tidy(() => {
    const tensor = (rows: Rows) => tf.tensor2d(rows as number[][]);
    const side = (name: 'chosen' | 'rejected', logProbs: tf.Tensor) => ({
      logProbs: logProbs as tf.Tensor2D,
      refLogProbs: tensor(preferences[`ref_logprobs_${name}`]),
      mask: tensor(preferences[`mask_${name}`]),
    });
    const { value, grads } = tf.valueAndGrads((w, l) =>
      directPreferenceLoss(side('chosen', w!), side('rejected', l!), options),
    )([tensor(preferences.logprobs_chosen), tensor(preferences.logprobs_rejected)]);
    return { loss: value.dataSync()[0]!, gradients: grads.map((grad) => grad.arraySync() as number[][]) };
  });
}

const beta = 0.1;
const forms: [keyof typeof golden & `dpo_${string}`, DirectPreferenceOptions][] = [
  ['dpo_sigmoid', { beta, form: 'sigmoid' }],
  ['dpo_ipo', { beta, form: 'ipo' }],
  ['dpo_hinge', { beta, form: 'hinge' }],
  ['dpo_robust', { beta, form: 'robust', labelSmoothing: 0.1 }],
];

it.each(forms)("%s has TRL's loss and gradients", (name, options) => {
  const { loss, gradients } = evaluate(golden.inputs, options);
  expectCloseInScale(loss, golden[name].outputs.loss, tolerance);
  expectCloseInScale(gradients[0], golden[name].outputs.dloss_dlogprobs_chosen, tolerance);
  expectCloseInScale(gradients[1], golden[name].outputs.dloss_dlogprobs_rejected, tolerance);
});

/** One preference of one token a side. */
const single = (chosen: number, rejected: number): Preferences => ({
  logprobs_chosen: [[chosen]],
  logprobs_rejected: [[rejected]],
  ref_logprobs_chosen: [[-1]],
  ref_logprobs_rejected: [[-1]],
  mask_chosen: [[1]],
  mask_rejected: [[1]],
});

describe('where the policy is still the reference', () => {
  it.each([
    [{ beta: 0.3, form: 'sigmoid' }, Math.log(2)],
    [{ beta: 0.3, form: 'sigmoid', labelSmoothing: 0.2 }, Math.log(2)],
    [{ beta: 0.3, form: 'robust', labelSmoothing: 0.2 }, Math.log(2)],
    [{ beta: 0.3, form: 'hinge' }, 1],
    [{ beta: 0.3, form: 'ipo' }, 1 / 0.36],
  ] as const)('%j costs %d', (options, expected) => {
    expectClose(evaluate(single(-1, -1), options).loss, expected, tolerance);
  });
});

it.each(forms)('%s has the gradient of its central differences', (_, options) => {
  const at = ([w, l]: readonly number[]) => evaluate(single(w!, l!), options).loss;
  const point = [-0.7, -1.6];
  const { gradients } = evaluate(single(-0.7, -1.6), options);
  // 1.5 float32 roundings of a loss of 0.6 over the step of 0.1, beside a gradient of 0.05: ipo has 25 and 10
  expectCloseInScale(gradients.flat(2), numericalGradient(at, point, 0.1), 4e-5);
});

it('falls as the chosen response gains, and depends on the lead alone', () => {
  const number = fc.float({ min: -5, max: 0, noNaN: true });
  fc.assert(
    fc.property(number, number, fc.float({ min: Math.fround(0.1), max: 2, noNaN: true }), (w, l, more) => {
      const options = { beta: 1, form: 'sigmoid' } as const;
      const { loss, gradients } = evaluate(single(w, l), options);
      expect(evaluate(single(w + more, l), options).loss).toBeLessThan(loss);
      expectClose(evaluate(single(w + more, l + more), options).loss, loss, tolerance);
      expectClose(gradients[0]![0]![0]! + gradients[1]![0]![0]!, 0, tolerance);
    }),
    { numRuns: 25 },
  );
});

describe('a share ε of the preferences the wrong way round', () => {
  const number = fc.float({ min: -5, max: 0, noNaN: true });
  const share = fc.constantFrom(0, 0.1, 0.3, 0.45);
  const evaluateTwice = (w: number, l: number, options: DirectPreferenceOptions) =>
    [evaluate(single(w, l), options).loss, evaluate(single(l, w), options).loss] as const;

  it('is what label smoothing averages over', () => {
    fc.assert(
      fc.property(number, number, share, (w, l, labelSmoothing) => {
        const [right, wrong] = evaluateTwice(w, l, { beta: 1, form: 'sigmoid' });
        const smooth = evaluate(single(w, l), { beta: 1, form: 'sigmoid', labelSmoothing }).loss;
        expectClose(smooth, (1 - labelSmoothing) * right + labelSmoothing * wrong, tolerance);
      }),
      { numRuns: 25 },
    );
  });

  it('leaves the robust loss the mean that the right labels would have', () => {
    fc.assert(
      fc.property(number, number, share, (w, l, labelSmoothing) => {
        const [right, wrong] = evaluateTwice(w, l, { beta: 1, form: 'robust', labelSmoothing });
        const clean = evaluate(single(w, l), { beta: 1, form: 'sigmoid' }).loss;
        // the two losses are of size 5 / (1 − 2ε)
        expectClose((1 - labelSmoothing) * right + labelSmoothing * wrong, clean, 10 * tolerance);
      }),
      { numRuns: 25 },
    );
  });
});

it('ipo is least, with the gradient 0, where the lead is 1/(2β) a token', () => {
  const two = {
    logprobs_chosen: [[-1 + 0.75, -2 + 0.75, 9]],
    logprobs_rejected: [[-1, -2, -3]],
    ref_logprobs_chosen: [[-1, -2, -7]],
    ref_logprobs_rejected: [[-0.5, -1.5, -2.5]],
    mask_chosen: [[1, 1, 0]],
    mask_rejected: [[1, 1, 1]],
  };
  // 0.75 a token of the chosen response, −0.5 a token of the rejected one: 1/(2 · 0.4)
  const { loss, gradients } = evaluate(two, { beta: 0.4, form: 'ipo' });
  expectClose([loss, ...gradients.flat(2)], [0, 0, 0, 0, 0, 0, 0], tolerance);
  expect(evaluate(two, { beta: 0.5, form: 'ipo' }).loss).toBeCloseTo(0.25 ** 2, 5);
});
