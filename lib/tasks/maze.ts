/**
 * The article's robot in a maze: it stands on a cell, faces one of four directions, and drives forward or turns.
 *
 * A maze is a drawing: # a wall, . a floor, E the exit, S a floor on which the robot starts. Without an S it may start
 * on any floor, facing any way.
 */
import { InputError } from '../errors/inputError';
import { readTextFile } from './textFile';

export const headings = ['north', 'east', 'south', 'west'] as const;
export const moves = ['forward', 'left', 'right'] as const;

export interface Cell {
  /** Counts from 0 at the top. */
  readonly row: number;
  /** Counts from 0 at the left. */
  readonly column: number;
}

/** States are numbered: 4 · (place of the cell in `floors`) + (place of the heading in `headings`). */
export interface Maze {
  readonly name: string;
  /** The drawing's lines, all of one length. */
  readonly lines: readonly string[];
  /** Every cell on which the robot can stand and from which it has to find out: all but walls and the exit. */
  readonly floors: readonly Cell[];
  readonly exit: Cell;
  /** The states in which a walk may start. */
  readonly starts: readonly number[];
  /** Where each action leads from each state, [state][action]: another state, 'exit', or 'wall' where it stays. */
  readonly transitions: readonly (readonly (number | 'exit' | 'wall')[])[];
}

export interface MazeRewards {
  /** For driving out. */
  readonly exit: number;
  /** For driving into a wall, which leaves the robot where it is. */
  readonly wall: number;
  /** For not being out after the last action allowed. */
  readonly stuck: number;
  /** For each action, so that a short way is better than a long one. */
  readonly step: number;
}

export const usualRewards: MazeRewards = { exit: 1, wall: -0.1, stuck: -1, step: -0.01 };

export async function readMaze(path: string): Promise<Maze> {
  return parseMaze(await readTextFile(path), path);
}

/** @param name what errors call it, such as its file */
export function parseMaze(text: string, name: string): Maze {
  const lines = text.replace(/\s+$/u, '').split(/\r?\n/u);
  const width = lines[0]!.length;
  const floors: Cell[] = [];
  const exits: Cell[] = [];
  const marked: Cell[] = [];
  lines.forEach((line, row) => {
    if (line.length !== width) {
      throw new InputError(
        `${name}, line ${row + 1}: it has ${line.length} cells; expected ${width} as in line 1.`,
      );
    }
    Array.from(line).forEach((sign, column) => {
      const cell = { row, column };
      if (!'#.ES'.includes(sign)) {
        throw new InputError(
          `${name}, line ${row + 1}, column ${column + 1}: found "${sign}"; expected # for a wall, . for a floor, E for the exit or S for a start.`,
        );
      }
      if (sign === 'E') exits.push(cell);
      if (sign === 'S') marked.push(cell);
      if (sign === '.' || sign === 'S') floors.push(cell);
    });
  });
  const [exit] = exits;
  if (exits.length !== 1 || !exit)
    throw new InputError(`${name} has ${exits.length} exits (E); expected one.`);
  if (floors.length === 0) throw new InputError(`${name} has no floor (.) to start from.`);

  const transitions = transitionsOf(lines, floors);
  const maze = { name, lines, floors, exit, transitions };
  const steps = stepsToExit(maze);
  floors.forEach(({ row, column }, i) => {
    if (headings.some((_, heading) => steps[4 * i + heading] === Number.POSITIVE_INFINITY)) {
      throw new InputError(
        `${name}, line ${row + 1}, column ${column + 1}: no way leads from this floor to the exit.`,
      );
    }
  });
  const startCells = marked.length > 0 ? marked : floors;
  const starts = startCells.flatMap((cell) =>
    headings.map((_, heading) => 4 * floors.indexOf(cell) + heading),
  );
  return { ...maze, starts };
}

/** The cell in front, as steps from the robot's own, for each heading. */
export const ahead: readonly Cell[] = [
  { row: -1, column: 0 },
  { row: 0, column: 1 },
  { row: 1, column: 0 },
  { row: 0, column: -1 },
];

function transitionsOf(lines: readonly string[], floors: readonly Cell[]): Maze['transitions'] {
  const placeOf = new Map(floors.map(({ row, column }, i) => [`${row} ${column}`, i]));
  return floors.flatMap(({ row, column }, i) =>
    headings.map((_, heading) => {
      const next = { row: row + ahead[heading]!.row, column: column + ahead[heading]!.column };
      const place = placeOf.get(`${next.row} ${next.column}`);
      const exits = lines[next.row]?.[next.column] === 'E';
      const forward = place === undefined ? (exits ? 'exit' : 'wall') : 4 * place + heading;
      return [forward, 4 * i + ((heading + 3) % 4), 4 * i + ((heading + 1) % 4)] as const;
    }),
  );
}

/** "row 2, column 3, facing east", counting from 1. */
export function stateName({ floors }: Pick<Maze, 'floors'>, state: number): string {
  const { row, column } = floors[Math.floor(state / 4)]!;
  return `row ${row + 1}, column ${column + 1}, facing ${headings[state % 4]}`;
}

/** The fewest actions that lead out from each state, by breadth-first search from the exit; infinite where none do. */
export function stepsToExit({ transitions }: Pick<Maze, 'transitions'>): number[] {
  const steps = new Array<number>(transitions.length).fill(Number.POSITIVE_INFINITY);
  let reached = transitions.flatMap((ways, state) => (ways.includes('exit') ? [state] : []));
  for (let count = 1; reached.length > 0; count++) {
    for (const state of reached) steps[state] = count;
    reached = transitions.flatMap((ways, state) =>
      steps[state] === Number.POSITIVE_INFINITY && ways.some((way) => steps[way as number] === count)
        ? [state]
        : [],
    );
  }
  return steps;
}

export interface Walk {
  /** The state before each action. */
  readonly states: readonly number[];
  readonly actions: readonly number[];
  readonly rewards: readonly number[];
  /** Out by the exit; false where it got stuck. */
  readonly ended: boolean;
}

/**
 * A walk of at most `maxSteps` actions.
 * @param choose the action in a state, as its place in `moves`
 */
export function walk(
  { transitions }: Maze,
  start: number,
  rewards: MazeRewards,
  maxSteps: number,
  choose: (state: number) => number,
): Walk {
  const states: number[] = [];
  const actions: number[] = [];
  const earned: number[] = [];
  let state = start;
  while (states.length < maxSteps) {
    const action = choose(state);
    const next = transitions[state]![action]!;
    states.push(state);
    actions.push(action);
    const stuck = states.length === maxSteps && next !== 'exit';
    const event = next === 'exit' ? rewards.exit : next === 'wall' ? rewards.wall : 0;
    earned.push(rewards.step + event + (stuck ? rewards.stuck : 0));
    if (next === 'exit') return { states, actions, rewards: earned, ended: true };
    if (next !== 'wall') state = next;
  }
  return { states, actions, rewards: earned, ended: false };
}
