import { expect, it } from 'vitest';
import { clipCurves, clipFormRows } from '../../../lib/lessons/ppo/clipCurves';
import { expectClose } from '../../close';

it('is flat above 1 + ε for a good token, and below 1 − ε for a bad one', () => {
  const rows = clipCurves(0.2);
  for (const { token, ratio, objective, unclipped } of rows) {
    const advantage = token === 'A = +1' ? 1 : -1;
    const free = advantage > 0 ? ratio <= 1.2 : ratio >= 0.8;
    expectClose(objective, free ? unclipped : advantage > 0 ? 1.2 : -0.8, 1e-6);
  }
  expect(rows.filter(({ token }) => token === 'A = +1').map(({ ratio }) => ratio)).toContain(1.2);
});

it('lets a good token further up where the clip is asymmetric, and bounds the loss of a bad one where it is dual', () => {
  const range = { clipLow: 0.2, clipHigh: 0.28 };
  const rows = clipFormRows(
    {
      good: { ...range, advantage: 1 },
      bad: { ...range, advantage: -1 },
      dual: { ...range, advantage: -1, dualClip: 3 },
    },
    4,
  );
  const last = ['good', 'bad', 'dual'].map((name) => rows.filter(({ form }) => form === name).at(-1)!);
  expectClose(
    last.map(({ objective }) => objective),
    [1.28, -4, -3],
    1e-6,
  );
});
