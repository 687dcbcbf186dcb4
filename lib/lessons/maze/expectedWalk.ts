import { type Maze, type MazeRewards, moves } from '../../tasks/maze';

/** What a policy's walks come to in the mean, computed rather than sampled. */
export interface ExpectedWalk {
  /** The probability of being out within the actions allowed. */
  readonly share_out: number;
  /** Until the walk is over: out, or stuck. */
  readonly actions: number;
  /** Drives into a wall. */
  readonly bumps: number;
  /** The discounted return, in the unit of the reward. */
  readonly value: number;
}

const over: ExpectedWalk = { share_out: 0, actions: 0, bumps: 0, value: 0 };

/**
 * A policy's walks from each state, by Bellman's equation for its value, once for each action that is left:
 *   V_k(s) = Σ_a π(a|s) (r + γ V_{k−1}(s′)),  V_0 = 0
 * Sutton & Barto 2018, eq. 4.5. The last action that is left earns the penalty for getting stuck, too. It is the mean
 * of infinitely many walks of at most `maxSteps` actions.
 * @param probabilities π(a|s), [state][action]
 * @param discount      γ in [0, 1]
 * @returns             one for each state
 */
export function expectedWalks(
  { transitions }: Maze,
  probabilities: readonly (readonly number[])[],
  rewards: MazeRewards,
  maxSteps: number,
  discount: number,
): ExpectedWalk[] {
  let later = transitions.map(() => over);
  for (let left = 1; left <= maxSteps; left++) {
    const stuck = left === 1 ? rewards.stuck : 0;
    const next = later;
    later = transitions.map((ways, state) => {
      const sum = { share_out: 0, actions: 1, bumps: 0, value: rewards.step };
      ways.forEach((way, action) => {
        const probability = probabilities[state]![action]!;
        if (probability === 0) return;
        if (way === 'exit') {
          sum.share_out += probability;
          sum.value += probability * rewards.exit;
          return;
        }
        const bump = way === 'wall' ? 1 : 0;
        const after = next[way === 'wall' ? state : way]!;
        sum.share_out += probability * after.share_out;
        sum.actions += probability * after.actions;
        sum.bumps += probability * (bump + after.bumps);
        sum.value += probability * (bump * rewards.wall + stuck + discount * after.value);
      });
      return sum;
    });
  }
  return later;
}

/** The same policy without chance: all probability on the likeliest action of each state, the first of several. */
export function greedyProbabilities(probabilities: readonly (readonly number[])[]): number[][] {
  return probabilities.map((row) => {
    const likeliest = row.indexOf(Math.max(...row));
    return moves.map((_, action) => (action === likeliest ? 1 : 0));
  });
}
