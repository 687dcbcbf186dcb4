import { expect, it } from 'vitest';
import { ranked } from '../../../lib/lessons/grpo/ranked';

const rows = (setting: string, values: readonly (number | null)[]) =>
  values.map((reward) => ({ setting, reward }));

it('orders settings by their mean, and tells whether their intervals lie apart', () => {
  const clear = ranked(
    [...rows('low', [0.1, 0.11, 0.12]), ...rows('high', [0.9, 0.91, 0.92])],
    'setting',
    'reward',
  );
  expect(clear.order.map(({ setting }) => setting)).toEqual(['high', 'low']);
  expect(clear.best.mean).toBeCloseTo(0.91);
  expect(clear.apart).toBe(true);
  const unclear = ranked([...rows('low', [0, 0.6]), ...rows('high', [0.2, 0.9, null])], 'setting', 'reward');
  expect(unclear.apart).toBe(false);
});

it('has no opinion on a single seed, and says so where there is nothing', () => {
  expect(ranked([...rows('a', [1]), ...rows('b', [0])], 'setting', 'reward').apart).toBe(false);
  expect(() => ranked([], 'setting' as never, 'reward' as never)).toThrow(
    'there are no rows to rank by "reward".',
  );
});
