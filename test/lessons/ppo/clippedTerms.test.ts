import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clipExample, clippedByLibrary, clippedTerms } from '../../../lib/lessons/ppo/clippedTerms';
import { expectClose } from '../../close';

it('has the terms that one gets by hand at ε = 0.2', () => {
  const rows = clippedTerms(clipExample, 0.2);
  expect(rows.map(({ ratio_times_advantage }) => ratio_times_advantage)).toEqual([
    1.5, 2.2, 0.7, -0.7, -0.45, -1.5,
  ]);
  expect(rows.map(({ clipped_times_advantage }) => clipped_times_advantage)).toEqual([
    1.2, 2.2, 0.8, -0.8, -0.45, -1.2,
  ]);
  expect(rows.map(({ objective }) => objective)).toEqual([1.2, 2.2, 0.7, -0.8, -0.45, -1.5]);
  expect(rows.map(({ clipped }) => clipped)).toEqual([true, false, false, true, false, false]);
  expectClose(
    rows.map(({ gradient }) => gradient),
    [0, -2.2 / 6, -0.7 / 6, 0, 0.45 / 6, 1.5 / 6],
    1e-15,
  );
});

it('agrees with the library on any tokens', () => {
  const token = fc.record({
    token: fc.constant('x'),
    // off the kinks, where float32 may fall to either side
    ratio: fc.constantFrom(0.3, 0.55, 0.75, 0.95, 1, 1.05, 1.25, 1.45, 2.5),
    advantage: fc.double({ min: -3, max: 3, noNaN: true }),
  });
  fc.assert(
    fc.property(
      fc.array(token, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(0.1, 0.2, 0.4),
      (tokens, clip) => {
        const rows = clippedTerms(tokens, clip);
        const { loss, gradient } = clippedByLibrary(tokens, clip);
        const objective = rows.reduce((sum, row) => sum + row.objective, 0) / rows.length;
        expectClose(loss, -objective, 2e-6);
        expectClose(
          [...gradient],
          rows.map((row) => row.gradient),
          2e-6,
        );
      },
    ),
    { numRuns: 30 },
  );
});

it('refuses an ε that clips everything', () => {
  expect(() => clippedTerms(clipExample, 0)).toThrow('clipRange is 0; expected a number above 0');
});
