/** Finding out of a maze: a query is a start, and a response the moves from there. */
import { compile, compiledOnce } from '../../engine/compile';
import { tf } from '../../engine/tensorflow';
import type { Random } from '../../math/random';
import { mean } from '../../math/statistics';
import type { NumberedStates } from '../../models/mlp';
import type { Policy } from '../../models/policy';
import {
  type Maze,
  type MazeRewards,
  moves,
  stateName,
  stepsToExit,
  usualRewards,
  walk,
} from '../../tasks/maze';
import type { Evaluation, Rollout, RolloutRequest, Task, Trajectory } from './rollout';
import { padRows } from './rows';

export interface MazeTaskConfig {
  readonly maze: Maze;
  readonly rewards?: MazeRewards;
  /** Actions after which a robot that is not out counts as stuck. */
  readonly maxSteps: number;
}

/** A way out may be this much longer than the shortest to count as found. */
const allowedDetour = 2;

export function mazeTask({ maze, rewards = usualRewards, maxSteps }: MazeTaskConfig): Task<NumberedStates> {
  const fewest = stepsToExit(maze);

  /** The policy does not change during a rollout: all its probabilities are computed at once. */
  async function rollOut(
    policy: Policy<NumberedStates>,
    { queries, groupSize, temperature }: RolloutRequest,
    random: Random,
  ): Promise<Rollout<NumberedStates>> {
    const probabilities = await mazeProbabilities(policy, maze, temperature);
    const startsDrawn = random.split('starts');
    const starts = Array.from(
      { length: queries },
      () => maze.starts[startsDrawn.integer(maze.starts.length)]!,
    );
    const walks = starts.flatMap((start, query) =>
      Array.from({ length: groupSize }, (_, i) => {
        const drawn = random.split(query).split(i);
        return walk(maze, start, rewards, maxSteps, (state) => drawn.categorical(probabilities[state]!));
      }),
    );
    const trajectories = walks.map(({ states, actions, rewards: earned, ended }): Trajectory => {
      const names = actions.map((action) => moves[action]!);
      return {
        query: stateName(maze, states[0]!),
        response: names.join(' '),
        actions: names,
        rewards: earned,
        scores: { exit: ended ? 1 : 0 },
        ended,
      };
    });
    const taken = walks.map(({ states, actions }) =>
      actions.map((action, t) => Math.log(probabilities[states[t]!]![action]!)),
    );
    return {
      states: { positions: wholeRows(walks.map(({ states }) => states)) },
      actions: wholeRows(walks.map(({ actions }) => actions)),
      mask: padRows(
        walks.map(({ actions }) => actions.map(() => 1)),
        maxSteps,
      ),
      logProbs: padRows(taken, maxSteps),
      trajectories,
    };
  }

  function wholeRows(rows: readonly (readonly number[])[]): tf.Tensor2D {
    return tf.tidy(() => padRows(rows, maxSteps).toInt());
  }

  /** From every start, the likeliest action each time, the first of several. */
  async function evaluate(policy: Policy<NumberedStates>): Promise<Evaluation> {
    const probabilities = await mazeProbabilities(policy, maze, 1);
    const greedy = probabilities.map((row) => row.indexOf(Math.max(...row)));
    const walks = maze.starts.map((start) => walk(maze, start, rewards, maxSteps, (state) => greedy[state]!));
    const solved = walks.map(
      ({ states, ended }) => ended && states.length <= fewest[states[0]!]! + allowedDetour,
    );
    return {
      accuracy: mean(solved.map((out) => (out ? 1 : 0))),
      reward: mean(walks.map((one) => one.rewards.reduce((sum, reward) => sum + reward, 0))),
      length: mean(walks.map(({ states }) => states.length)),
    };
  }

  return { name: maze.name, rollOut, evaluate };
}

/** π(a|s) of every state of a maze: [state][action]. */
export async function mazeProbabilities(
  policy: Policy<NumberedStates>,
  { transitions }: Maze,
  temperature: number,
): Promise<number[][]> {
  const states = transitions.length;
  const evaluate = compiledOnce(policy, `probabilities of ${states} states at ${temperature}`, () =>
    compile(() => {
      const positions = tf.range(0, states, 1, 'int32').expandDims<tf.Tensor2D>(0);
      return tf.softmax(policy.logits({ positions }, states).div(temperature));
    }),
  );
  const tensor = evaluate();
  const values = Array.from(await tensor.data());
  tensor.dispose();
  return transitions.map((_, state) => values.slice(moves.length * state, moves.length * (state + 1)));
}
