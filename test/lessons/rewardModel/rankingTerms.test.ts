import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  choiceTerms,
  lossCurve,
  pairTerms,
  scoreGradients,
} from '../../../lib/lessons/rewardModel/rankingTerms';

it('gives every term of a Bradley–Terry loss', () => {
  const terms = pairTerms({ query: 'q', responses: ['a', 'b'], ranks: [2, 1] }, [0, Math.log(3)]);
  expect(terms).toHaveLength(1);
  expect(terms[0]).toMatchObject({ better: 'b', worse: 'a' });
  expect(terms[0]!.probability).toBeCloseTo(0.75, 12);
  expect(terms[0]!.loss).toBeCloseTo(-Math.log(0.75), 12);
});

it('draws a loss whose slope is minus the pull', () => {
  const curve = lossCurve(4);
  expect([curve[0]!.lead, curve[40]!.lead, curve.at(-1)!.lead]).toEqual([-4, 0, 4]);
  expect(curve[40]!.loss).toBeCloseTo(Math.log(2), 12);
  for (let i = 1; i < 80; i++) {
    const slope = (curve[i + 1]!.loss - curve[i - 1]!.loss) / (curve[i + 1]!.lead - curve[i - 1]!.lead);
    // central difference, step 0.1: its error is below step²/6 · 0.1
    expect(Math.abs(slope + curve[i]!.pull)).toBeLessThan(2e-4);
  }
});

it('moves the loss curve by the margin', () => {
  const [plain, moved] = [lossCurve(4), lossCurve(4, 1)];
  // the grid has a step of 0.1
  moved.slice(10).forEach((row, i) => {
    expect(row.loss).toBeCloseTo(plain[i]!.loss, 12);
    expect(row.pull).toBeCloseTo(plain[i]!.pull, 12);
  });
});

describe('the terms of Plackett–Luce', () => {
  it('are the choices from the best to the last, worked by hand', () => {
    const terms = choiceTerms({ query: 'q', responses: ['a', 'b', 'c'], ranks: [3, 1, 2] }, [
      0,
      Math.log(2),
      Math.log(3),
    ]);
    expect(terms.map(({ chosen, among }) => [chosen, among])).toEqual([
      ['b', 3],
      ['c', 2],
      ['a', 1],
    ]);
    expect(terms[0]!.probability).toBeCloseTo(2 / 6, 12);
    expect(terms[1]!.probability).toBeCloseTo(3 / 4, 12);
    expect(terms[2]!.loss).toBe(0);
  });

  it('are one pair for two responses', () => {
    const ranking = { query: 'q', responses: ['a', 'b'], ranks: [2, 1] };
    const [choice] = choiceTerms(ranking, [1, 0.25]);
    expect(choice!.loss).toBeCloseTo(pairTerms(ranking, [1, 0.25])[0]!.loss, 12);
  });
});

it('gives gradients that are the slopes of the losses and sum to zero', () => {
  const ranking = { query: 'q', responses: ['a', 'b', 'c', 'd'], ranks: [2, 1, 4, 3] };
  const losses = (scores: readonly number[]) => {
    const pairs = pairTerms(ranking, scores);
    return {
      bradley_terry: pairs.reduce((sum, { loss }) => sum + loss, 0) / pairs.length,
      plackett_luce: choiceTerms(ranking, scores).reduce((sum, { loss }) => sum + loss, 0),
    };
  };
  const score = fc.double({ min: -4, max: 4, noNaN: true });
  fc.assert(
    fc.property(fc.tuple(score, score, score, score), (scores) => {
      const rows = scoreGradients(ranking, scores);
      for (const loss of ['bradley_terry', 'plackett_luce'] as const) {
        expect(rows.reduce((sum, row) => sum + row[loss], 0)).toBeCloseTo(0, 10);
        rows.forEach((row, k) => {
          const at = (change: number) => losses(scores.map((s, i) => (i === k ? s + change : s)))[loss];
          expect(row[loss]).toBeCloseTo((at(1e-4) - at(-1e-4)) / 2e-4, 6);
        });
      }
    }),
  );
});
