import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { bradleyTerryLoss } from '../../lib/losses/bradleyTerry';
import { plackettLuceLoss } from '../../lib/losses/plackettLuce';
import { choiceSets } from '../../lib/tasks/rankings';
import { expectClose, expectCloseInScale, numericalGradient } from '../close';
import golden from '../golden/plackettLuce.json';

/** Float32 carries 7 digits; a sum of five numbers of size 1 keeps 6. */
const tolerance = 1e-6;

function evaluate(scores: readonly (readonly number[])[], ranks: readonly (readonly number[])[]) {
  return tf.tidy(() => {
    const remaining = tf.tensor3d(ranks.map((one) => choiceSets(one)));
    const { value, grad } = tf.valueAndGrad((s) => plackettLuceLoss(s as tf.Tensor2D, remaining))(
      tf.tensor2d(scores as number[][]),
    );
    return { loss: value.dataSync()[0]!, gradient: grad.arraySync() as number[][] };
  });
}

it('gives the golden loss and gradient', () => {
  const { inputs, outputs } = golden.plackett_luce;
  const ranks = inputs.ranking_best_first.map((order) => order.map((_, k) => order.indexOf(k) + 1));
  const { loss, gradient } = evaluate(inputs.scores, ranks);
  expectCloseInScale(loss, outputs.mean_nll, tolerance);
  expectCloseInScale(gradient, outputs.dmean_dscores, tolerance);
  inputs.scores.forEach((scores, r) => {
    expectClose(evaluate([scores], [ranks[r]!]).loss, outputs.nll[r], tolerance);
  });
});

it('with two responses is the Bradley–Terry loss', () => {
  const score = fc.float({ min: -9, max: 9, noNaN: true });
  fc.assert(
    fc.property(score, score, (a, b) => {
      const pair = tf.tidy(
        () =>
          bradleyTerryLoss(
            tf.tensor2d([[a, b]]),
            tf.tensor3d([
              [
                [0, 1],
                [0, 0],
              ],
            ]),
          ).dataSync()[0],
      );
      expectClose(evaluate([[a, b]], [[1, 2]]).loss, pair, tolerance);
    }),
    { numRuns: 25 },
  );
});

/** All orders of 1 … n. */
function permutations(n: number): number[][] {
  if (n === 0) return [[]];
  return permutations(n - 1).flatMap((order) =>
    Array.from({ length: n }, (_, at) => [...order.slice(0, at), n, ...order.slice(at)]),
  );
}

it('makes the probabilities of all orders sum to 1', () => {
  const score = fc.float({ min: -6, max: 6, noNaN: true });
  fc.assert(
    fc.property(fc.array(score, { minLength: 1, maxLength: 4 }), (scores) => {
      const orders = permutations(scores.length);
      const total = orders.reduce((sum, ranks) => sum + Math.exp(-evaluate([scores], [ranks]).loss), 0);
      expectClose(total, 1, tolerance);
    }),
    { numRuns: 15 },
  );
});

it('depends on differences of scores only, and its gradient sums to 0', () => {
  const score = fc.integer({ min: -60, max: 60 }).map((tenths) => tenths / 10);
  fc.assert(
    fc.property(fc.tuple(score, score, score), fc.integer({ min: -8, max: 8 }), (scores, shift) => {
      const ranks = [[2, 1, 3]];
      const { loss, gradient } = evaluate([scores], ranks);
      const shifted = evaluate([scores.map((s) => s + shift)], ranks);
      // scores of size 14 are rounded by 1e-6
      expectClose(shifted.loss, loss, 4e-6);
      expectClose(shifted.gradient, gradient, 4e-6);
      expectClose(
        gradient.flat().reduce((a, b) => a + b),
        0,
        tolerance,
      );
    }),
    { numRuns: 25 },
  );
});

it('has the gradient of its central differences', () => {
  const scores = [0.4, -0.3, 0.9, 0.1];
  const ranks = [[2, 1, 4, 3]];
  const numerical = numericalGradient((s) => evaluate([s], ranks).loss, scores, 0.05);
  // 1.5 float32 roundings of a loss of 3 over the step
  expectClose(evaluate([scores], ranks).gradient, numerical, 6e-6);
});

describe('partial rankings', () => {
  it('take the best of the whole list and leave the order of the others open', () => {
    const scores = [1, 0, -1];
    const { loss, gradient } = evaluate([scores], [[1, 2, 2]]);
    const weights = scores.map(Math.exp);
    const total = weights.reduce((a, b) => a + b);
    expectClose(loss, -Math.log(weights[0]! / total), tolerance);
    expectClose(
      gradient[0],
      weights.map((w, k) => w / total - (k === 0 ? 1 : 0)),
      tolerance,
    );
  });

  it('sum to 1 over what may be chosen first', () => {
    const first = [
      [1, 2, 2],
      [2, 1, 2],
      [2, 2, 1],
    ];
    const total = first.reduce((sum, ranks) => sum + Math.exp(-evaluate([[0.3, 1, -2]], [ranks]).loss), 0);
    expectClose(total, 1, tolerance);
  });

  it('of equal ranks throughout say nothing', () => {
    const { loss, gradient } = evaluate([[5, -3]], [[1, 1]]);
    expect(loss).toBe(0);
    expect(gradient).toEqual([[0, 0]]);
  });
});

it('stays finite where the scores are far apart', () => {
  const { loss, gradient } = evaluate([[-300, 300]], [[1, 2]]);
  expectClose(loss, 600, tolerance);
  expectClose(gradient, [[-1, 1]], tolerance);
});
