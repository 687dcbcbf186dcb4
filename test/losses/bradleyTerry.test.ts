import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { type BradleyTerryOptions, bradleyTerryLoss } from '../../lib/losses/bradleyTerry';
import { rankedPairs } from '../../lib/tasks/rankings';
import { expectClose, expectCloseInScale, numericalGradient } from '../close';
import golden from '../golden/bradleyTerry.json';

/** Float32 carries 7 digits; sums of a few numbers of size 1 keep 6. */
const tolerance = 1e-6;

function preferences(ranks: readonly (readonly number[])[]): tf.Tensor3D {
  const size = ranks[0]!.length;
  const matrix = ranks.map((ranking) => {
    const rows = Array.from({ length: size }, () => new Array<number>(size).fill(0));
    for (const [better, worse] of rankedPairs(ranking)) rows[better]![worse] = 1;
    return rows;
  });
  return tf.tensor3d(matrix);
}

/** The loss and its gradient by the scores. */
function evaluate(
  scores: readonly (readonly number[])[],
  ranks: readonly (readonly number[])[],
  options: BradleyTerryOptions = {},
) {
  return tf.tidy(() => {
    const preferred = preferences(ranks);
    const { value, grad } = tf.valueAndGrad((s) => bradleyTerryLoss(s as tf.Tensor2D, preferred, options))(
      tf.tensor2d(scores as number[][]),
    );
    return { loss: value.dataSync()[0]!, gradient: grad.arraySync() as number[][] };
  });
}

const asPairs = ({ chosen, rejected }: { chosen: number[]; rejected: number[] }) =>
  chosen.map((score, i) => [score, rejected[i]!]);

describe('bradleyTerryLoss', () => {
  it('gives the golden loss and gradient of pairs', () => {
    const { inputs, outputs } = golden.bradley_terry;
    const scores = asPairs(inputs);
    const { loss, gradient } = evaluate(
      scores,
      scores.map(() => [1, 2]),
    );
    expectCloseInScale(loss, outputs.loss, tolerance);
    expectCloseInScale(
      gradient,
      outputs.dloss_dchosen.map((chosen, i) => [chosen, outputs.dloss_drejected[i]!]),
      tolerance,
    );
  });

  it.each(['bradley_terry_margin', 'bradley_terry_margin_centered'] as const)(
    'gives the golden loss and gradient with a margin for each pair (%s)',
    (name) => {
      const { inputs, outputs, params } = golden[name];
      const scores = asPairs(inputs);
      const ranks = scores.map(() => [1, 2]);
      const { loss, gradient } = tf.tidy(() => {
        const margin = tf.tensor3d(
          inputs.margin.map((m) => [
            [0, m],
            [0, 0],
          ]),
        );
        return evaluate(scores, ranks, { margin, centering: params.center_coefficient ?? 0 });
      });
      expectCloseInScale(loss, outputs.loss, tolerance);
      expectCloseInScale(
        gradient,
        outputs.dloss_dchosen.map((chosen, i) => [chosen, outputs.dloss_drejected[i]!]),
        tolerance,
      );
    },
  );

  it('is log 2 where scores are equal, whatever the ranking', () => {
    expectClose(evaluate([[3, 3, 3]], [[2, 1, 3]]).loss, Math.log(2), tolerance);
  });

  it('averages over the pairs of a ranking before it averages over rankings', () => {
    const scores = [
      [0.3, -0.2, 1.1],
      [0.5, 0.1, 9],
    ];
    // the last two responses of the second ranking are tied: two pairs are left
    const loss = (difference: number) => Math.log1p(Math.exp(-difference));
    const first = (loss(0.3 + 0.2) + loss(0.3 - 1.1) + loss(-0.2 - 1.1)) / 3;
    const second = (loss(0.5 - 0.1) + loss(0.5 - 9)) / 2;
    expectClose(
      evaluate(scores, [
        [1, 2, 3],
        [1, 2, 2],
      ]).loss,
      (first + second) / 2,
      tolerance,
    );
  });

  it('takes no notice of a ranking without pairs, but counts it', () => {
    const { loss, gradient } = evaluate(
      [
        [1, 0],
        [5, 7],
      ],
      [
        [1, 2],
        [1, 1],
      ],
    );
    expectClose(loss, Math.log1p(Math.exp(-1)) / 2, tolerance);
    expect(gradient[1]).toEqual([0, 0]);
  });

  it('stays finite where the scores are far apart', () => {
    const { loss, gradient } = evaluate([[-300, 300]], [[1, 2]]);
    expectClose(loss, 600, tolerance);
    expectClose(gradient, [[-1, 1]], tolerance);
  });

  it('has the gradient of its central differences', () => {
    const ranks = [[2, 1, 4, 2]];
    const scores = [0.4, -0.3, 0.9, 0.1];
    const options = { margin: 0.3, centering: 0.1 };
    const numerical = numericalGradient((s) => evaluate([s], ranks, options).loss, scores, 0.05);
    // 1.5 float32 roundings of a loss of 1 over the step
    expectClose(evaluate([scores], ranks, options).gradient, numerical, 3e-6);
  });

  it('makes the chances of either to win sum to 1, and a margin is what the winner has less', () => {
    const score = fc.integer({ min: -40, max: 40 }).map((tenths) => tenths / 10);
    fc.assert(
      fc.property(score, score, fc.integer({ min: 0, max: 20 }), (a, b, margin) => {
        const chance = (ranks: number[]) => Math.exp(-evaluate([[a, b]], [ranks]).loss);
        expectClose(chance([1, 2]) + chance([2, 1]), 1, tolerance);
        const lessened = evaluate([[a - margin, b]], [[1, 2]]);
        const own = evaluate([[a, b]], [[1, 2]], { margin });
        // scores of size 20 are rounded by 1e-6
        expectClose(own.loss, lessened.loss, 4e-6);
        expectClose(own.gradient, lessened.gradient, 4e-6);
      }),
      { numRuns: 25 },
    );
  });

  it('with centering draws the scores of a pair to the same distance from 0, and to no other level', () => {
    const score = fc.integer({ min: -40, max: 40 }).map((tenths) => tenths / 10);
    fc.assert(
      fc.property(score, score, (a, b) => {
        const centering = 0.1;
        const plain = evaluate([[a, b]], [[1, 2]]);
        const { loss, gradient } = evaluate([[a, b]], [[1, 2]], { centering });
        expectClose(loss, plain.loss + centering * (a + b) ** 2, tolerance);
        const pull = gradient[0]!.map((slope, k) => slope - plain.gradient[0]![k]!);
        expectClose(pull, [2 * centering * (a + b), 2 * centering * (a + b)], tolerance);
      }),
      { numRuns: 25 },
    );
  });

  it('depends on differences of scores only, and its gradient sums to 0', () => {
    const score = fc.float({ min: -4, max: 4, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(score, score, score), fc.integer({ min: -8, max: 8 }), (scores, shift) => {
        const ranks = [[2, 1, 3]];
        const { loss, gradient } = evaluate([scores], ranks);
        expectClose(evaluate([scores.map((s) => s + shift)], ranks).loss, loss, 1e-5);
        expectClose(
          gradient.flat().reduce((a, b) => a + b),
          0,
          tolerance,
        );
        expect(loss).toBeGreaterThan(0);
      }),
      { numRuns: 25 },
    );
  });
});
