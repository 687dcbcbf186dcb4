import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InputError } from '../../lib/errors/inputError';
import { type MazeRewards, parseMaze, stepsToExit, usualRewards, walk } from '../../lib/tasks/maze';
import { mazeOptimum } from '../../lib/tasks/mazeOptimum';
import { expectClose } from '../close';
import { randomMaze } from './randomMaze';

const rewards: MazeRewards = { exit: 1, wall: -0.1, stuck: -1, step: -0.01 };
const discounts = fc.constantFrom(0.8, 0.95, 0.99, 1);

it('finds the values of a corridor by hand', () => {
  const maze = parseMaze('..E', 'corridor');
  const { values, actions } = mazeOptimum(maze, { exit: 1, wall: -1, stuck: 0, step: -0.1 }, 0.5);
  // n actions are worth −0.1 (1 + … + 0.5ⁿ⁻¹) + 0.5ⁿ⁻¹
  const worth = [0.9, 0.35, 0.075, -0.0625];
  const [one, two, three, four] = worth as [number, number, number, number];
  // north, east, south and west, first two cells from the exit, then beside it
  expectClose(values, [three, two, three, four, two, one, two, three], 1e-9);
  const [forward, left, right] = [0, 1, 2];
  // facing away, left and right are as good, and the first of them is given
  expect(actions).toEqual([right, forward, left, left, right, forward, left, left]);
});

it('prefers a wall that pays for ever to an exit that pays once', () => {
  const maze = parseMaze('.E', 'one floor');
  const { values, actions } = mazeOptimum(maze, { exit: 1, wall: 1, stuck: 0, step: 0 }, 0.5);
  // 1 + 0.5 + 0.25 + … = 2 from the three walls, and from the exit's side a turn away: 0.5 · 2, as good as out
  expectClose(values, [2, 1, 2, 2], 1e-9);
  expect(actions).toEqual([0, 0, 0, 0]);
});

it("satisfies Bellman's equation", () => {
  fc.assert(
    fc.property(randomMaze, discounts, (maze, discount) => {
      const { values } = mazeOptimum(maze, rewards, discount);
      const best = maze.transitions.map((ways, state) => {
        const [ahead, left, right] = ways as [number | 'exit' | 'wall', number, number];
        const drive =
          ahead === 'exit'
            ? rewards.exit
            : ahead === 'wall'
              ? rewards.wall + discount * values[state]!
              : discount * values[ahead]!;
        return rewards.step + Math.max(drive, discount * values[left]!, discount * values[right]!);
      });
      expectClose(values, best, 1e-9);
    }),
  );
});

it('takes the fewest actions out of any maze, and is worth what it earns on the way', () => {
  fc.assert(
    fc.property(randomMaze, discounts, (maze, discount) => {
      const { values, actions } = mazeOptimum(maze, rewards, discount);
      const steps = stepsToExit(maze);
      for (const start of maze.starts) {
        const out = walk(maze, start, rewards, steps[start]!, (state) => actions[state]!);
        expect(out.ended).toBe(true);
        expect(out.states).toHaveLength(steps[start]!);
        const earned = out.rewards.reduce((sum, reward, t) => sum + discount ** t * reward, 0);
        expect(values[start]).toBeCloseTo(earned, 9);
      }
    }),
  );
});

it('is worth as much everywhere where actions are free and nothing is discounted', () => {
  fc.assert(
    fc.property(randomMaze, (maze) => {
      const { values } = mazeOptimum(maze, { ...rewards, step: 0 }, 1);
      expect(values).toEqual(maze.transitions.map(() => rewards.exit));
    }),
  );
});

it('refuses rewards that can be earned for ever', () => {
  const maze = parseMaze('.E', 'one floor');
  const find = () => mazeOptimum(maze, { ...usualRewards, step: 0.1 }, 1);
  expect(find).toThrow(InputError);
  expect(find).toThrow('value iteration has not settled after 100000 sweeps');
});

it.each([-0.1, 1.1, Number.NaN])('refuses a discount of %d', (discount) => {
  const find = () => mazeOptimum(parseMaze('.E', 'one floor'), usualRewards, discount);
  expect(find).toThrow(InputError);
  expect(find).toThrow(`the discount is ${discount}; expected a number from 0 to 1.`);
});
