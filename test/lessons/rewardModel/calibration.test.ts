import { expect, it } from 'vitest';
import { calibrationError, calibrationRows } from '../../../lib/lessons/rewardModel/calibration';
import { seededRandom } from '../../../lib/math/random';
import { sigmoid } from '../../../lib/math/statistics';
import { annotate } from '../../../lib/tasks/annotators';

it('counts pairs by how sure the model is, worked by hand', () => {
  // leads 0.5 and 1 right, 1.5 wrong: probabilities 0.622, 0.731 and 0.818
  const pair = { query: 'q', responses: ['a', 'b'], ranks: [1, 2] };
  const rows = calibrationRows(
    [pair, pair, pair],
    [
      [0.5, 0],
      [1, 0],
      [0, 1.5],
    ],
    2,
  );
  expect(rows.map(({ from, to, pairs, agreed }) => [from, to, pairs, agreed])).toEqual([
    [0.5, 0.75, 2, 1],
    [0.75, 1, 1, 0],
  ]);
  expect(rows[0]!.predicted).toBeCloseTo((sigmoid(0.5) + sigmoid(1)) / 2, 12);
  expect(rows[0]!.true_probability).toBeNull();
  const gaps = (2 * (1 - rows[0]!.predicted!) + rows[1]!.predicted!) / 3;
  expect(calibrationError(rows)).toBeCloseTo(gaps, 12);
});

it('finds the annotators’ own scores calibrated, and twice as large ones too sure', () => {
  const random = seededRandom(3);
  const rankings = Array.from({ length: 3000 }, (_, i) => {
    const stream = random.split(i);
    const qualities = Array.from({ length: 3 }, () => stream.uniform());
    return {
      query: 'q',
      responses: ['a', 'b', 'c'],
      ranks: annotate(qualities, 0.3, stream),
      qualities,
      temperature: 0.3,
    };
  });
  const scores = rankings.map(({ qualities }) => qualities.map((quality) => quality / 0.3));
  const own = calibrationRows(rankings, scores);
  // 9000 pairs in ten bins: a standard error of about 0.015 in each
  expect(calibrationError(own)).toBeLessThan(0.02);
  for (const { predicted, true_probability } of own) expect(true_probability).toBeCloseTo(predicted!, 12);
  const bold = calibrationRows(
    rankings,
    scores.map((row) => row.map((score) => 2 * score)),
  );
  expect(calibrationError(bold)).toBeGreaterThan(0.08);
});
