import { describe, expect, it } from 'vitest';
import {
  expectedReward,
  mazeGradient,
  stepLengthRows,
  stepped,
  type Table,
  visitedKl,
} from '../../../lib/lessons/policyGradient/mazeGradient';
import { seededRandom } from '../../../lib/math/random';
import { moves, parseMaze, usualRewards } from '../../../lib/tasks/maze';

const maze = parseMaze('####\n#..E\n#.##\n####', 'bend');
const setting = { maze, rewards: usualRewards, maxSteps: 6 };
const random = seededRandom(3);
const logits = maze.transitions.map(() => moves.map(() => random.normal()));
const policyOf = (z: Table) =>
  stepped(
    z.map((row) => row.map(() => 1 / row.length)),
    z,
    1,
  );
const probabilities = policyOf(logits);

it('is the derivative of the expected reward by each logit', () => {
  const { gradient, expected_reward } = mazeGradient(setting, probabilities);
  expect(expected_reward).toBeCloseTo(expectedReward(setting, probabilities), 14);
  const h = 1e-5;
  const at = (state: number, action: number, change: number) =>
    expectedReward(
      setting,
      policyOf(logits.map((row, s) => row.map((z, a) => z + (s === state && a === action ? change : 0)))),
    );
  gradient.forEach((row, state) => {
    row.forEach((slope, action) => {
      expect(slope).toBeCloseTo((at(state, action, h) - at(state, action, -h)) / (2 * h), 8);
    });
  });
});

it('counts as many visits as a walk has actions', () => {
  const { visits } = mazeGradient({ ...setting, maxSteps: 1 }, probabilities);
  expect(visits.reduce((sum, count) => sum + count, 0)).toBeCloseTo(1, 14);
});

describe('stepLengthRows', () => {
  const { gradient } = mazeGradient(setting, probabilities);

  it('keeps what it promises on a short step alone', () => {
    const [none, short, long] = stepLengthRows(setting, probabilities, gradient, [0, 1e-3, 1000]);
    expect(none!.actual).toBe(none!.predicted);
    expect(none!.kl).toBe(0);
    const gained = (row = short!) => (row.actual - none!.actual) / (row.predicted - none!.predicted);
    expect(gained()).toBeCloseTo(1, 3);
    expect(gained(long!)).toBeLessThan(0.1);
  });

  it('refuses a gradient of 0', () => {
    const nothing = gradient.map((row) => row.map(() => 0));
    expect(() => stepLengthRows(setting, probabilities, nothing, [1])).toThrow('the gradient is 0');
  });
});

it('has a KL by hand', () => {
  const kl = visitedKl([[0.5, 0.3, 0.2]], [[0.6, 0.2, 0.2]], [3]);
  expect(kl).toBeCloseTo(0.5 * Math.log(0.5 / 0.6) + 0.3 * Math.log(0.3 / 0.2), 14);
});
