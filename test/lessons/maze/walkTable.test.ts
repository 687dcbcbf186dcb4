import { describe, expect, it } from 'vitest';
import { bellmanRows } from '../../../lib/lessons/maze/bellmanRows';
import { placeOf, stateAt, walkOf, walkRows } from '../../../lib/lessons/maze/walkTable';
import { parseMaze, usualRewards } from '../../../lib/tasks/maze';
import { mazeOptimum } from '../../../lib/tasks/mazeOptimum';

const corridor = parseMaze('#######\n#....E#\n#.#####\n#.....#\n#######', 'corridor');
const corner = { row: 2, column: 4, facing: 'north' };

describe('walkRows', () => {
  it('are the worked example', () => {
    const out = walkOf(corridor, corner, ['forward', 'right', 'forward', 'forward'], usualRewards);
    const rows = walkRows(corridor, out, 0.9);
    expect(rows.map(({ event }) => event)).toEqual(['wall', '', '', 'exit']);
    expect(rows.map(({ reward }) => reward)).toEqual([-0.11, -0.01, -0.01, 0.99]);
    [0.59461, 0.7829, 0.881, 0.99].forEach((value, t) => {
      expect(rows[t]!.return_by_sum).toBeCloseTo(value, 12);
      expect(rows[t]!.return_by_library).toBeCloseTo(value, 12);
    });
    expect(rows[2]).toMatchObject({ t: 3, row: 2, column: 4, facing: 'east', action: 'forward' });
  });

  it('end with the penalty where the walk is cut', () => {
    const cut = walkOf(corridor, corner, ['right', 'right', 'forward'], usualRewards);
    const last = walkRows(corridor, cut, 0.9).at(-1)!;
    expect(last).toMatchObject({ event: 'wall, stuck', facing: 'south' });
    expect(last.return_by_sum).toBeCloseTo(-1.11, 12);
  });
});

it('stateAt and placeOf undo each other, in every state', () => {
  corridor.transitions.forEach((_, state) => {
    expect(stateAt(corridor, placeOf(corridor, state))).toBe(state);
  });
});

it('tells what is wrong with a place or an action', () => {
  expect(() => stateAt(corridor, { row: 1, column: 1, facing: 'north' })).toThrow(
    'corridor has no floor in row 1, column 1.',
  );
  expect(() => stateAt(corridor, { ...corner, facing: 'nord' })).toThrow(
    'there is no direction "nord"; did you mean "north"?',
  );
  expect(() => walkOf(corridor, corner, ['straight'], usualRewards)).toThrow('there is no action "straight"');
  expect(() => walkOf(corridor, corner, ['left'], usualRewards, 2)).toThrow(
    '1 actions are given, but the walk is not over; expected 2.',
  );
});

describe('bellmanRows', () => {
  it('compare the three actions by hand', () => {
    const { values } = mazeOptimum(corridor, usualRewards, 0.9);
    const rows = bellmanRows(corridor, stateAt(corridor, corner), values, usualRewards, 0.9);
    [0.59461, 0.615149, 0.7829].forEach((worth, action) => {
      expect(rows[action]!.worth).toBeCloseTo(worth, 9);
    });
    expect(rows.map(({ best }) => best)).toEqual(['', '', 'yes']);
  });

  it('are worth the value of the state, at most, in every state', () => {
    const { values } = mazeOptimum(corridor, usualRewards, 0.9);
    values.forEach((value, state) => {
      const rows = bellmanRows(corridor, state, values, usualRewards, 0.9);
      expect(Math.max(...rows.map(({ worth }) => worth))).toBeCloseTo(value, 9);
    });
  });
});
