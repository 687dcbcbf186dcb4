/**
 * The policy gradient theorem, computed in a maze rather than sampled. J is the expected reward of a walk, and the
 * policy a table of logits z, one for each state and action:
 *   ∂J/∂z(s,a) = Σ_k d_k(s) π(a|s) [Q_k(s,a) − V_k(s)]
 * with d_k(s) the probability of standing in s with k actions left. Sutton et al. 1999, theorem 1, for walks that end.
 */
import { InputError } from '../../errors/inputError';
import type { Maze, MazeRewards } from '../../tasks/maze';
import { expectedWalks } from '../maze/expectedWalk';

export interface WalkSetting {
  readonly maze: Maze;
  readonly rewards: MazeRewards;
  /** Actions after which a robot that is not out is stuck. */
  readonly maxSteps: number;
}

/** One row for each state, one number for each action. */
export type Table = readonly (readonly number[])[];

/** J: the mean over starts of the expected reward of a walk, without discount. */
export function expectedReward({ maze, rewards, maxSteps }: WalkSetting, probabilities: Table): number {
  const walks = expectedWalks(maze, probabilities, rewards, maxSteps, 1);
  return maze.starts.reduce((sum, start) => sum + walks[start]!.value, 0) / maze.starts.length;
}

/** V_k(s), [k][state]: the reward expected from each state with k = 0 … maxSteps actions left. */
export function valuesByActionsLeft({ maze, rewards, maxSteps }: WalkSetting, probabilities: Table): Table {
  return Array.from({ length: maxSteps + 1 }, (_, left) =>
    expectedWalks(maze, probabilities, rewards, left, 1).map(({ value }) => value),
  );
}

export interface MazeGradient {
  readonly expected_reward: number;
  /** ∂J/∂z, [state][action]. */
  readonly gradient: Table;
  /** How often a walk is in each state, on average. */
  readonly visits: readonly number[];
}

export function mazeGradient(setting: WalkSetting, probabilities: Table): MazeGradient {
  const { maze, rewards, maxSteps } = setting;
  const { transitions, starts } = maze;
  const values = valuesByActionsLeft(setting, probabilities);
  const gradient = transitions.map((ways) => ways.map(() => 0));
  const visits = transitions.map(() => 0);
  let here = transitions.map(() => 0);
  for (const start of starts) here[start] = here[start]! + 1 / starts.length;

  for (let left = maxSteps; left >= 1; left--) {
    const next = transitions.map(() => 0);
    transitions.forEach((ways, state) => {
      visits[state] = visits[state]! + here[state]!;
      ways.forEach((way, action) => {
        const probability = probabilities[state]![action]!;
        const goes = here[state]! * probability;
        let worth = rewards.step;
        if (way === 'exit') worth += rewards.exit;
        else {
          const to = way === 'wall' ? state : way;
          worth +=
            (way === 'wall' ? rewards.wall : 0) + (left === 1 ? rewards.stuck : values[left - 1]![to]!);
          next[to] = next[to]! + goes;
        }
        gradient[state]![action] = gradient[state]![action]! + goes * (worth - values[left]![state]!);
      });
    });
    here = next;
  }
  const expected_reward = starts.reduce((sum, start) => sum + values[maxSteps]![start]!, 0) / starts.length;
  return { expected_reward, gradient, visits };
}

/** π ∝ π_old e^(length · direction): the policy after a step of its logits. */
export function stepped(probabilities: Table, direction: Table, length: number): number[][] {
  return probabilities.map((row, state) => {
    // the largest step is taken off before the exponential, which could overflow
    const steps = row.map((_, action) => length * direction[state]![action]!);
    const largest = Math.max(...steps);
    const weights = row.map((probability, action) => probability * Math.exp(steps[action]! - largest));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  });
}

/** Mean KL(π_old ‖ π_new) in nats over the states that π_old visits, as often as it visits them. */
export function visitedKl(old: Table, fresh: Table, visits: readonly number[]): number {
  const total = visits.reduce((sum, count) => sum + count, 0);
  return old.reduce((sum, row, state) => sum + visits[state]! * rowKl(row, fresh[state]!), 0) / total;
}

/** Σ_a p log(p/q) − p + q: no term is below 0, also where float32 has left the sums a little off 1. */
function rowKl(p: readonly number[], q: readonly number[]): number {
  return p.reduce((sum, one, a) => sum + (one > 0 ? one * Math.log(one / q[a]!) : 0) - one + q[a]!, 0);
}

export interface StepLengthRow {
  /** ‖Δz‖, Euclidean, over all logits. */
  readonly step_length: number;
  /** J + the gradient's own promise, step_length · ‖gradient‖: a straight line. */
  readonly predicted: number;
  /** J of the policy after the step, exactly. */
  readonly actual: number;
  /** Mean KL(π_old ‖ π_new) in nats, over the states that π_old visits. */
  readonly kl: number;
}

/**
 * What a gradient promises, and what comes of it, at growing step lengths.
 * @param gradient exact or sampled, [state][action]
 */
export function stepLengthRows(
  setting: WalkSetting,
  probabilities: Table,
  gradient: Table,
  lengths: readonly number[],
): StepLengthRow[] {
  const norm = Math.hypot(...gradient.flat());
  if (!(norm > 0)) throw new InputError('the gradient is 0; expected a direction to step in.');
  const old = stepped(probabilities, gradient, 0);
  const { expected_reward, visits } = mazeGradient(setting, old);
  return lengths.map((step_length) => {
    const fresh = stepped(old, gradient, step_length / norm);
    return {
      step_length,
      predicted: expected_reward + step_length * norm,
      actual: expectedReward(setting, fresh),
      kl: visitedKl(old, fresh, visits),
    };
  });
}
