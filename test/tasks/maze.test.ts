import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../lib/errors/inputError';
import {
  headings,
  type Maze,
  type MazeRewards,
  moves,
  parseMaze,
  readMaze,
  stateName,
  stepsToExit,
  walk,
} from '../../lib/tasks/maze';
import { randomMaze } from './randomMaze';

const [forward, left, right] = [0, 1, 2];
const state = (floor: number, heading: (typeof headings)[number]) => 4 * floor + headings.indexOf(heading);

/** Round the corner: from row 3, column 2 by row 2, column 2 to the exit in row 2, column 3. */
const corner = parseMaze('####\n#.E#\n#.##\n####\n', 'corner');

describe('parseMaze', () => {
  it('lists floors, exit and states by rows, facing north, east, south, west', () => {
    expect(corner.floors).toEqual([
      { row: 1, column: 1 },
      { row: 2, column: 1 },
    ]);
    expect(corner.exit).toEqual({ row: 1, column: 2 });
    expect(corner.starts).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(corner.starts.map((start) => stateName(corner, start))).toEqual([
      ...headings.map((heading) => `row 2, column 2, facing ${heading}`),
      ...headings.map((heading) => `row 3, column 2, facing ${heading}`),
    ]);
  });

  it('starts on marked floors alone, where there are any', () => {
    expect(parseMaze('.SE', 'x').starts).toEqual([4, 5, 6, 7]);
    expect(parseMaze('SS.E', 'x').starts).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('takes Windows line ends and lines left empty at the end', () => {
    expect(parseMaze('####\r\n#.E#\r\n####\r\n\r\n', 'x').lines).toEqual(['####', '#.E#', '####']);
  });

  it.each([
    ['####\n#.E#\n###', 'x, line 3: it has 3 cells; expected 4 as in line 1.'],
    ['####\n#.E#\n#.? \n####', 'x, line 3, column 3: found "?"; expected # for a wall, . for a floor,'],
    ['####\n#e.#\n####', 'x, line 2, column 2: found "e"'],
    ['###\n#.#\n###', 'x has 0 exits (E); expected one.'],
    ['', 'x has 0 exits (E); expected one.'],
    ['E.E', 'x has 2 exits (E); expected one.'],
    ['#E#', 'x has no floor (.) to start from.'],
    ['#####\n#.E##\n###.#\n#####', 'x, line 3, column 4: no way leads from this floor to the exit.'],
  ])('says where %j is no maze', (text, message) => {
    expect(() => parseMaze(text, 'x')).toThrow(InputError);
    expect(() => parseMaze(text, 'x')).toThrow(message);
  });
});

describe('readMaze', () => {
  it.each(readdirSync('data/mazes'))('reads %s', async (file) => {
    const path = join('data/mazes', file);
    expect((await readMaze(path)).name).toBe(path);
  });

  it('says that there is no such file', async () => {
    await expect(readMaze('none.txt')).rejects.toThrow(InputError);
    await expect(readMaze('none.txt')).rejects.toThrow('none.txt cannot be read: there is no such file.');
  });
});

describe('the transitions', () => {
  it('lead on, out, nowhere at a wall, and round by a quarter', () => {
    expect(corner.transitions[state(1, 'north')]).toEqual([
      state(0, 'north'),
      state(1, 'west'),
      state(1, 'east'),
    ]);
    expect(corner.transitions[state(0, 'east')]).toEqual(['exit', state(0, 'north'), state(0, 'south')]);
    expect(corner.transitions[state(0, 'south')]).toEqual([
      state(1, 'south'),
      state(0, 'east'),
      state(0, 'west'),
    ]);
    expect(corner.transitions[state(0, 'west')]).toEqual(['wall', state(0, 'south'), state(0, 'north')]);
    expect(moves).toEqual(['forward', 'left', 'right']);
  });

  it('end at the edge of the drawing as at a wall', () => {
    const { transitions } = parseMaze('.E', 'x');
    expect(transitions.map(([ahead]) => ahead)).toEqual(['wall', 'exit', 'wall', 'wall']);
  });

  it('can be undone: a turn by the other turn, and a drive by turning round, driving and turning round', () => {
    fc.assert(
      fc.property(randomMaze, ({ transitions }) => {
        const go = (from: number, ...actions: number[]) =>
          actions.reduce((at, action) => transitions[at]![action] as number, from);
        transitions.forEach(([ahead], at) => {
          expect(go(at, left, right)).toBe(at);
          expect(go(at, left, left, left, left)).toBe(at);
          expect(go(at, left)).toBe(go(at, right, right, right));
          if (typeof ahead === 'number') {
            expect(go(at, forward, left, left, forward, left, left)).toBe(at);
          }
        });
      }),
    );
  });
});

/** The robot anew, on the drawing itself: how many actions it needs, trying all of them one after the other. */
function fewestActions({ lines }: Maze, row: number, column: number, heading: number): number {
  const seen = new Set<string>();
  let here = [{ row, column, heading }];
  for (let count = 0; here.length > 0; count++) {
    if (here.some((at) => lines[at.row]![at.column] === 'E')) return count;
    here = here
      .flatMap((at) => {
        const [down, across] = { 0: [-1, 0], 1: [0, 1], 2: [1, 0], 3: [0, -1] }[at.heading]!;
        return [
          { ...at, row: at.row + down!, column: at.column + across! },
          { ...at, heading: (at.heading + 1) % 4 },
          { ...at, heading: (at.heading + 3) % 4 },
        ];
      })
      .filter((at) => {
        const key = `${at.row} ${at.column} ${at.heading}`;
        const blocked = seen.has(key) || (lines[at.row]?.[at.column] ?? '#') === '#';
        seen.add(key);
        return !blocked;
      });
  }
  return Number.POSITIVE_INFINITY;
}

describe('stepsToExit', () => {
  it('counts turns and drives', () => {
    const steps = stepsToExit(corner);
    // in the corner, facing north, east, south and west; then the same from below it
    expect(steps).toEqual([2, 1, 2, 3, 3, 4, 5, 4]);
  });

  it('is what trying all actions finds', () => {
    fc.assert(
      fc.property(randomMaze, (maze) => {
        const tried = maze.floors.flatMap(({ row, column }) =>
          headings.map((_, heading) => fewestActions(maze, row, column, heading)),
        );
        expect(stepsToExit(maze)).toEqual(tried);
      }),
    );
  });
});

describe('walk', () => {
  const rewards: MazeRewards = { exit: 10, wall: -2, stuck: -5, step: -0.5 };
  /** A walk by given actions, from row 3, column 2. */
  function walkBy(heading: (typeof headings)[number], actions: readonly number[], maxSteps = actions.length) {
    let taken = 0;
    return walk(corner, state(1, heading), rewards, maxSteps, () => actions[taken++]!);
  }

  it('pays for each action, for a wall and for the exit', () => {
    expect(walkBy('west', [forward, right, forward, right, forward], 9)).toEqual({
      states: [state(1, 'west'), state(1, 'west'), state(1, 'north'), state(0, 'north'), state(0, 'east')],
      actions: [forward, right, forward, right, forward],
      rewards: [-2.5, -0.5, -0.5, -0.5, 9.5],
      ended: true,
    });
  });

  it('is stuck after the last action allowed, also at a wall', () => {
    expect(walkBy('north', [left, right])).toMatchObject({ rewards: [-0.5, -5.5], ended: false });
    expect(walkBy('south', [left, right, forward])).toMatchObject({
      rewards: [-0.5, -0.5, -7.5],
      ended: false,
    });
  });

  it('is not stuck where the last action leads out', () => {
    expect(walkBy('north', [forward, right, forward])).toMatchObject({
      rewards: [-0.5, -0.5, 9.5],
      ended: true,
    });
  });

  it('is paid for what happened, wherever it goes', () => {
    const anyWalk = fc.record({
      maze: randomMaze,
      actions: fc.array(fc.nat(2), { minLength: 1, maxLength: 40 }),
      start: fc.nat(),
    });
    fc.assert(
      fc.property(anyWalk, ({ maze, actions, start }) => {
        let taken = 0;
        const from = maze.starts[start % maze.starts.length]!;
        const done = walk(maze, from, rewards, actions.length, () => actions[taken++]!);
        const events = done.states.map((at, i) => maze.transitions[at]![done.actions[i]!]!);
        const count = (event: string) => events.filter((one) => one === event).length;
        expect(done.actions).toEqual(actions.slice(0, done.states.length));
        expect(count('exit')).toBe(done.ended ? 1 : 0);
        if (!done.ended) expect(done.states).toHaveLength(actions.length);
        const total = done.rewards.reduce((sum, reward) => sum + reward, 0);
        const end = done.ended ? rewards.exit : rewards.stuck;
        expect(total).toBeCloseTo(done.states.length * rewards.step + count('wall') * rewards.wall + end, 9);
        expect(done.states[0]).toBe(from);
        done.states.slice(1).forEach((next, i) => {
          expect(next).toBe(events[i] === 'wall' ? done.states[i] : events[i]);
        });
      }),
    );
  });
});
