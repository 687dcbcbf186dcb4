import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { type DirectPreferenceOptions, directPreferenceLoss } from '../../lib/losses/directPreference';
import { expectClose, numericalGradient } from '../close';
import golden from '../golden/directPreference.json';

/** Float32 carries 7 digits; sums of six tokens, squared for ipo, keep 5. */
const tolerance = 1e-5;

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
  expectClose(loss, golden[name].outputs.loss, tolerance);
  expectClose(gradients[0], golden[name].outputs.dloss_dlogprobs_chosen, tolerance);
  expectClose(gradients[1], golden[name].outputs.dloss_dlogprobs_rejected, tolerance);
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
  // losses of up to 25 carry 2e-6 in float32, over a step of 0.1; the first forms are nearly straight, ipo quadratic
  expectClose(gradients.flat(2), numericalGradient(at, point, 0.1), 1e-3);
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
