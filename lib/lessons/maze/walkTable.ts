/** One walk in a maze, step by step, with every term of its return. */
import { discountedReturns } from '../../advantages/discountedReturns';
import { InputError } from '../../errors/inputError';
import { nearestName } from '../../errors/nearestName';
import { headings, type Maze, type MazeRewards, moves, type Walk, walk } from '../../tasks/maze';

/** Rows and columns count from 1, as in the figures. */
export interface Place {
  readonly row: number;
  readonly column: number;
  /** north, east, south or west */
  readonly facing: string;
}

/** @throws InputError where no floor, or no direction, is named so */
export function stateAt({ name, floors }: Maze, { row, column, facing }: Place): number {
  const floor = floors.findIndex((cell) => cell.row === row - 1 && cell.column === column - 1);
  if (floor < 0) throw new InputError(`${name} has no floor in row ${row}, column ${column}.`);
  return 4 * floor + numberOf(facing, headings, 'direction');
}

export function placeOf({ floors }: Maze, state: number): Place {
  const { row, column } = floors[Math.floor(state / 4)]!;
  return { row: row + 1, column: column + 1, facing: headings[state % 4]! };
}

function numberOf(name: string, names: readonly string[], what: string): number {
  const number = names.indexOf(name);
  if (number >= 0) return number;
  throw new InputError(`there is no ${what} "${name}"; did you mean "${nearestName(name, names)}"?`);
}

/**
 * The walk of given actions, forward, left or right, in turn.
 * @param maxSteps who is not out after so many actions is stuck; the number of actions unless said
 * @throws InputError where an action is unknown, or there are fewer of them than the walk takes
 */
export function walkOf(
  maze: Maze,
  start: Place,
  actions: readonly string[],
  rewards: MazeRewards,
  maxSteps: number = actions.length,
): Walk {
  let taken = 0;
  return walk(maze, stateAt(maze, start), rewards, maxSteps, () => {
    const action = actions[taken++];
    if (action === undefined) {
      throw new InputError(
        `${actions.length} actions are given, but the walk is not over; expected ${maxSteps}.`,
      );
    }
    return numberOf(action, moves, 'action');
  });
}

export interface WalkRow extends Place {
  readonly t: number;
  readonly action: string;
  readonly event: string;
  readonly reward: number;
  /** G_t = Σ_k γ^k r_{t+k}, each power by itself: Sutton & Barto 2018, eq. 3.8. */
  readonly return_by_sum: number;
  /** `discountedReturns`, from the end backward: eq. 3.9. */
  readonly return_by_library: number;
}

/** One row an action: the state before it, what it led to, its reward, and the return from there in two ways. */
export function walkRows(maze: Maze, { states, actions, rewards, ended }: Walk, discount: number): WalkRow[] {
  const returns = discountedReturns(rewards, discount);
  return states.map((state, i) => {
    const way = maze.transitions[state]![actions[i]!]!;
    const happened = way === 'wall' || way === 'exit' ? way : '';
    const stuck = !ended && i === states.length - 1 ? 'stuck' : '';
    return {
      t: i + 1,
      ...placeOf(maze, state),
      action: moves[actions[i]!]!,
      event: [happened, stuck].filter(Boolean).join(', '),
      reward: rewards[i]!,
      return_by_sum: rewards.slice(i).reduce((sum, reward, k) => sum + discount ** k * reward, 0),
      return_by_library: returns[i]!,
    };
  });
}
