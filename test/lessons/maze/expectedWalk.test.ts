import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedWalks, greedyProbabilities } from '../../../lib/lessons/maze/expectedWalk';
import { type MazeRewards, parseMaze, stepsToExit, usualRewards, walk } from '../../../lib/tasks/maze';
import { mazeOptimum } from '../../../lib/tasks/mazeOptimum';
import { expectClose } from '../../close';
import { randomMaze } from '../../tasks/randomMaze';

const rewards: MazeRewards = { exit: 1, wall: -0.2, stuck: -2, step: -0.1 };

describe('expectedWalks', () => {
  it('adds up the walks of two actions by hand', () => {
    const maze = parseMaze('.E', 'one floor');
    const uniform = maze.transitions.map(() => [0.5, 0.25, 0.25]);
    const [north, east] = expectedWalks(maze, uniform, rewards, 2, 0.5);
    // facing east: out at once with 0.5; else turned away, from where no single action leads out
    expect(east).toMatchObject({ share_out: 0.5, actions: 1.5, bumps: 0.25 });
    // −0.1 + 0.5 · 1 + 0.5 · 0.5 · (−0.1 − 2 + 0.5 · −0.2)
    expect(east!.value).toBeCloseTo(-0.15, 12);
    // facing north: a bump with 0.5, then another with 0.5; turned right with 0.25, and out with 0.5
    expect(north).toMatchObject({ share_out: 0.125, actions: 2, bumps: 0.5 + 0.5 * 0.5 + 0.25 * 0.5 });
  });

  it('is the walk itself where the policy is certain', () => {
    fc.assert(
      fc.property(
        randomMaze,
        fc.integer({ min: 1, max: 9 }),
        fc.infiniteStream(fc.nat(2)),
        (maze, most, any) => {
          const actions = maze.transitions.map(() => any.next().value as number);
          const certain = actions.map((action) => [0, 1, 2].map((one) => (one === action ? 1 : 0)));
          const expected = expectedWalks(maze, certain, rewards, most, 1);
          for (const start of maze.starts) {
            const taken = walk(maze, start, rewards, most, (state) => actions[state]!);
            const bumps = taken.states.filter(
              (state, t) => maze.transitions[state]![taken.actions[t]!] === 'wall',
            );
            const { share_out, actions: count, bumps: bumped, value } = expected[start]!;
            expect([share_out, count, bumped]).toEqual([
              taken.ended ? 1 : 0,
              taken.states.length,
              bumps.length,
            ]);
            expectClose(
              value,
              taken.rewards.reduce((sum, reward) => sum + reward, 0),
              1e-12,
            );
          }
        },
      ),
    );
  });

  it("has the optimum's values under the best actions, where the time is enough", () => {
    fc.assert(
      fc.property(randomMaze, (maze) => {
        const { values, actions } = mazeOptimum(maze, usualRewards, 0.9);
        const certain = actions.map((action) => [0, 1, 2].map((one) => (one === action ? 1 : 0)));
        const most = Math.max(...stepsToExit(maze));
        const expected = expectedWalks(maze, certain, usualRewards, most, 0.9);
        expectClose(
          expected.map(({ value }) => value),
          values,
          1e-9,
        );
      }),
    );
  });

  it('earns undiscounted what its counts say', () => {
    fc.assert(
      fc.property(randomMaze, fc.integer({ min: 1, max: 9 }), (maze, most) => {
        const policy = maze.transitions.map(() => [0.5, 0.3, 0.2]);
        for (const { share_out, actions, bumps, value } of expectedWalks(maze, policy, rewards, most, 1)) {
          const { exit, wall, stuck, step } = rewards;
          expectClose(
            value,
            exit * share_out + wall * bumps + step * actions + stuck * (1 - share_out),
            1e-12,
          );
        }
      }),
    );
  });
});

it('greedyProbabilities takes the first of the likeliest actions', () => {
  expect(
    greedyProbabilities([
      [0.2, 0.5, 0.3],
      [0.4, 0.2, 0.4],
    ]),
  ).toEqual([
    [0, 1, 0],
    [1, 0, 0],
  ]);
});
