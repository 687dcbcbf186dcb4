import { expect, it } from 'vitest';
import { learningRateAt } from '../../../lib/algorithms/updates/learningRate';
import { expectClose } from '../../close';

const at = (schedule: 'linear' | 'cosine' | 'constant', warmupSteps = 0) =>
  [1, 2, 3, 4].map((step) => learningRateAt(step, { learningRate: 2, warmupSteps, schedule, steps: 4 }));

it('falls linearly, along a cosine, or not', () => {
  expectClose(at('linear'), [2, 1.5, 1, 0.5], 1e-15);
  expectClose(at('cosine'), [2, 1 + Math.SQRT1_2, 1, 1 - Math.SQRT1_2], 1e-15);
  expect(at('constant')).toEqual([2, 2, 2, 2]);
});

it('rises first', () => {
  expect(at('constant', 2)).toEqual([1, 2, 2, 2]);
});

it('falls to a share of the largest in place of 0', () => {
  const to = (schedule: 'linear' | 'cosine' | 'constant') =>
    [1, 3].map((step) =>
      learningRateAt(step, { learningRate: 2, warmupSteps: 0, schedule, minimumShare: 0.1, steps: 4 }),
    );
  // half of the way from 2 to 0.2
  expectClose(to('linear'), [2, 1.1], 1e-15);
  expectClose(to('cosine'), [2, 1.1], 1e-15);
  expect(to('constant')).toEqual([2, 2]);
});
