import { expect, it } from 'vitest';
import { sampledStepRows } from '../../../lib/lessons/policyGradient/sampledSteps';
import { seededRandom } from '../../../lib/math/random';
import { moves, parseMaze, usualRewards } from '../../../lib/tasks/maze';

it('starts every direction from the same policy, and has a row for each length of each', () => {
  const maze = parseMaze('####\n#..E\n#.##\n####', 'bend');
  const setting = { maze, rewards: usualRewards, maxSteps: 8 };
  const even = maze.transitions.map(() => moves.map(() => 1 / moves.length));
  const options = {
    size: { queries: 4, groupSize: 4 },
    batches: 3,
    baselines: ['none', 'leave-one-out'] as const,
    lengths: [0, 1, 2],
  };
  const rows = sampledStepRows(setting, even, options, seededRandom(1));
  expect(rows).toHaveLength(3 * (1 + 3 * 2));
  const atStart = rows.filter(({ step_length }) => step_length === 0);
  for (const { actual } of atStart) expect(actual).toBeCloseTo(atStart[0]!.actual, 14);
  // the exact gradient is the steepest way up
  const exact = rows.find(({ gradient, step_length }) => gradient === 'exact' && step_length === 1)!;
  for (const row of rows.filter(({ step_length }) => step_length === 1)) {
    expect(row.actual).toBeLessThanOrEqual(exact.actual + 0.01);
  }
});
