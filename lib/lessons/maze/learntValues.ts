/** What a robot has learnt of each state, beside the best that can be known and done there. */
import { mean } from '../../math/statistics';
import { type Maze, type MazeRewards, stepsToExit } from '../../tasks/maze';
import { mazeOptimum } from '../../tasks/mazeOptimum';
import { expectedWalks } from './expectedWalk';
import type { RobotSnapshot } from './trainRobot';
import { type Place, placeOf } from './walkTable';

export interface LearntValueRow extends Place {
  readonly seed: number;
  readonly step: number;
  /** Of the shortest way out, turns included. */
  readonly shortest_actions: number;
  /** V*(s): the value under the best policy, by value iteration. */
  readonly optimal_value: number;
  /** V^π(s): the value under this robot's policy, computed. */
  readonly policy_value: number;
  /** What its critic has learnt to expect. */
  readonly critic_value: number;
  /** π(a|s) */
  readonly forward: number;
  readonly left: number;
  readonly right: number;
}

/**
 * @param maxSteps actions after which a walk is stuck
 * @param discount γ in [0, 1]
 * @returns        one row for each state of each snapshot
 */
export function learntValueRows(
  maze: Maze,
  snapshots: readonly RobotSnapshot[],
  rewards: MazeRewards,
  maxSteps: number,
  discount: number,
): LearntValueRow[] {
  const optimum = mazeOptimum(maze, rewards, discount);
  const shortest = stepsToExit(maze);
  return snapshots.flatMap(({ seed, step, values, probabilities }) => {
    const walks = expectedWalks(maze, probabilities, rewards, maxSteps, discount);
    return values.map((critic_value, state) => {
      const [forward, left, right] = probabilities[state] as readonly [number, number, number];
      return {
        seed,
        step,
        ...placeOf(maze, state),
        shortest_actions: shortest[state]!,
        optimal_value: optimum.values[state]!,
        policy_value: walks[state]!.value,
        critic_value,
        forward,
        left,
        right,
      };
    });
  });
}

/** Root mean squares over the rows, in the unit of the reward. */
export interface ValueErrors {
  /** The policy's value from the best one's: what is left to learn for the policy. */
  readonly policy_from_optimum: number;
  /** The critic from the policy's value: what is left to learn for the critic. */
  readonly critic_from_policy: number;
  readonly critic_from_optimum: number;
}

export function valueErrors(rows: readonly LearntValueRow[]): ValueErrors {
  const rms = (difference: (row: LearntValueRow) => number) =>
    Math.sqrt(mean(rows.map((row) => difference(row) ** 2)));
  return {
    policy_from_optimum: rms((row) => row.policy_value - row.optimal_value),
    critic_from_policy: rms((row) => row.critic_value - row.policy_value),
    critic_from_optimum: rms((row) => row.critic_value - row.optimal_value),
  };
}
