import { type Maze, type MazeRewards, moves } from '../../tasks/maze';
import { placeOf } from './walkTable';

export interface BellmanRow {
  readonly action: string;
  /** Where it leads: a place, or out. */
  readonly leads_to: string;
  readonly reward: number;
  /** V*(s′), 0 once out. */
  readonly value_there: number;
  /** r + γ V*(s′) */
  readonly worth: number;
  /** 'yes' where no action is worth more. */
  readonly best: string;
}

/**
 * The terms of Bellman's optimality equation in one state: V*(s) is the largest `worth`.
 *   V*(s) = max_a r(s, a) + γ V*(s′)
 * Sutton & Barto 2018, eq. 4.1.
 * @param values V*, of each state
 */
export function bellmanRows(
  maze: Maze,
  state: number,
  values: readonly number[],
  rewards: MazeRewards,
  discount: number,
): BellmanRow[] {
  const rows = maze.transitions[state]!.map((way, action) => {
    const out = way === 'exit';
    const next = way === 'wall' ? state : way;
    const event = way === 'wall' ? rewards.wall : out ? rewards.exit : 0;
    const reward = rewards.step + event;
    const value_there = next === 'exit' ? 0 : values[next]!;
    const { row, column, facing } = next === 'exit' ? { row: 0, column: 0, facing: '' } : placeOf(maze, next);
    return {
      action: moves[action]!,
      leads_to: out ? 'out' : `row ${row}, column ${column}, facing ${facing}`,
      reward,
      value_there,
      worth: reward + discount * value_there,
    };
  });
  const most = Math.max(...rows.map(({ worth }) => worth));
  return rows.map((row) => ({ ...row, best: row.worth >= most - 1e-9 ? 'yes' : '' }));
}
