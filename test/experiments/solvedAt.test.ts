import { expect, it } from 'vitest';
import { solvedAt } from '../../lib/experiments/solvedAt';

const curve = (...accuracies: (number | null)[]) =>
  accuracies.map((accuracy, i) => ({ step: i + 1, accuracy }));

it('is the first evaluated step from which on the level holds', () => {
  expect(solvedAt(0.9, curve(0.95, 0.5, null, 0.9, null, 1))).toBe(4);
  expect(solvedAt(0.9, curve(0.9))).toBe(1);
});

it('is nothing where the last evaluation is below, or there is none', () => {
  expect(solvedAt(0.9, curve(1, 0.89, null))).toBeNull();
  expect(solvedAt(0.9, curve(null))).toBeNull();
});
