/**
 * The smallest task with several steps: at each of up to four steps one of three numbers is shown, and naming it
 * earns 1. Failing to name 2 ends the trajectory, so that they differ in length.
 */
import type { Rollout, Task, Trajectory } from '../../lib/algorithms/rollouts/rollout';
import { padRows } from '../../lib/algorithms/rollouts/rows';
import { tf } from '../../lib/engine/tensorflow';
import type { Random } from '../../lib/math/random';
import type { Critic } from '../../lib/models/policy';
import { type NumberedStates, smallPolicy } from './smallPolicy';

export const steps = 4;
const numbers = 3;
/** 3·4 + 4 + 4·3 + 3 parameters, small and all different. */
const theta = Array.from({ length: 31 }, (_, i) => 0.3 * Math.sin(3 * i + 1));

export const matchingPolicy = () => smallPolicy([numbers, 4, numbers], theta);

/** A critic of the same states: the mean of a policy's logits, so that it has parameters to learn. */
export function matchingCritic(): Critic<NumberedStates> {
  const { parameters, logits } = matchingPolicy();
  return {
    parameters,
    values: (states, length, parameter) =>
      tf.tidy(() => logits(states, length, parameter).mean<tf.Tensor2D>(-1)),
  };
}

/** The probabilities [number][action] of a policy. */
function table(
  policy: { logits: ReturnType<typeof smallPolicy>['logits'] },
  temperature: number,
): number[][] {
  return tf.tidy(() => {
    const positions = tf.tensor2d([[0, 1, 2]], undefined, 'int32');
    const logits = policy.logits({ positions }, numbers).div(temperature);
    return (tf.softmax(logits).arraySync() as number[][][])[0]!;
  });
}

export function matchingTask(
  rewardOf: (shown: number, action: number) => number = (s, a) => (s === a ? 1 : 0),
) {
  async function rollOut(
    policy: ReturnType<typeof matchingPolicy>,
    { queries, groupSize, temperature }: { queries: number; groupSize: number; temperature: number },
    random: Random,
  ): Promise<Rollout<NumberedStates>> {
    const probabilities = table(policy, temperature);
    const rows = Array.from({ length: queries * groupSize }, (_, b) => {
      const shown = random.split('query').split(Math.floor(b / groupSize));
      const drawn = random.split('action').split(b);
      const seen: number[] = [];
      const actions: number[] = [];
      while (seen.length < steps && !(seen.at(-1) === 2 && actions.at(-1) !== 2)) {
        const number = shown.integer(numbers);
        seen.push(number);
        actions.push(drawn.categorical(probabilities[number]!));
      }
      return { seen, actions };
    });
    const trajectories = rows.map(({ seen, actions }): Trajectory => {
      const rewards = seen.map((number, t) => rewardOf(number, actions[t]!));
      return {
        query: String(seen[0]),
        response: actions.join(' '),
        actions: actions.map(String),
        rewards,
        scores: { matches: rewards.reduce((sum, reward) => sum + reward, 0) },
        ended: seen.length < steps,
      };
    });
    const int = (part: 'seen' | 'actions') =>
      tf.tidy(() =>
        padRows(
          rows.map((row) => row[part]),
          steps,
        ).toInt(),
      ) as tf.Tensor2D;
    return {
      states: { positions: int('seen') },
      actions: int('actions'),
      mask: padRows(
        rows.map(({ seen }) => seen.map(() => 1)),
        steps,
      ),
      logProbs: padRows(
        rows.map(({ seen, actions }) =>
          seen.map((number, t) => Math.log(probabilities[number]![actions[t]!]!)),
        ),
        steps,
      ),
      trajectories,
    };
  }

  async function evaluate(policy: ReturnType<typeof matchingPolicy>) {
    const best = table(policy, 1).map((row) => row.indexOf(Math.max(...row)));
    const accuracy = best.filter((action, number) => action === number).length / numbers;
    return { accuracy, reward: accuracy * steps, length: steps };
  }

  const task: Task<NumberedStates> = { name: 'matching', rollOut, evaluate };
  return task;
}
