import { expect, it } from 'vitest';
import { withMovingAverage } from '../../lib/math/movingAverage';

it('averages over the rows so far, at most a window of them, and keeps the other columns', () => {
  const rows = [2, 4, 6, 11].map((loss, step) => ({ step, loss }));
  const averaged = withMovingAverage(rows, 'loss', 3);
  expect(averaged.map(({ loss_average }) => loss_average)).toEqual([2, 3, 4, 7]);
  expect(averaged[3]).toEqual({ step: 3, loss: 11, loss_average: 7 });
});
