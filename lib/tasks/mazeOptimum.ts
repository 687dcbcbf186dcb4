/** The best that a robot can do in a maze, by dynamic programming: what a learnt policy is compared with. */
import { InputError } from '../errors/inputError';
import type { Maze, MazeRewards } from './maze';

export interface MazeOptimum {
  /** The value of each state under the best policy. */
  readonly values: readonly number[];
  /** The best action in each state, the first of several. */
  readonly actions: readonly number[];
}

/**
 * Value iteration: V(s) ← max_a r(s, a) + γ V(s′), until nothing moves by more than the tolerance.
 * Bellman 1957; Sutton & Barto 2018, section 4.4. The walk is not limited here, so nothing gets stuck.
 * @param discount γ in [0, 1]; with 1 each action has to cost something, or no way is better than another
 * @throws  InputError for another discount, and where an action earns something and could be repeated for ever
 */
export function mazeOptimum({ transitions }: Maze, rewards: MazeRewards, discount: number): MazeOptimum {
  if (!(discount >= 0 && discount <= 1)) {
    throw new InputError(`the discount is ${discount}; expected a number from 0 to 1.`);
  }
  const tolerance = 1e-12;
  const sweeps = 100_000;
  let values = transitions.map(() => 0);
  const worth = (state: number, action: number) => {
    const next = transitions[state]![action]!;
    if (next === 'exit') return rewards.step + rewards.exit;
    if (next === 'wall') return rewards.step + rewards.wall + discount * values[state]!;
    return rewards.step + discount * values[next]!;
  };
  const best = (state: number) => Math.max(...transitions[state]!.map((_, action) => worth(state, action)));
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const improved = transitions.map((_, state) => best(state));
    const moved = improved.reduce(
      (most, value, state) => Math.max(most, Math.abs(value - values[state]!)),
      0,
    );
    values = improved;
    if (moved <= tolerance) {
      const actions = transitions.map((ways, state) =>
        ways.findIndex((_, action) => worth(state, action) >= values[state]! - 1e-9),
      );
      return { values, actions };
    }
  }
  throw new InputError(
    `value iteration has not settled after ${sweeps} sweeps: an action that earns something may earn it for ever.`,
  );
}
