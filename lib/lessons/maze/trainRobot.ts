/** A robot that learns the way out of a maze by PPO, and what it does after each step. */
import { type PpoConfig, ppo } from '../../algorithms/ppo';
import { isDue } from '../../algorithms/reinforcementConfig';
import { mazeProbabilities, mazeTask } from '../../algorithms/rollouts/mazeTask';
import { tf } from '../../engine/tensorflow';
import { type MazeModels, mazeModels } from '../../experiments/mazeSettings';
import { seededRandom } from '../../math/random';
import { mean } from '../../math/statistics';
import { disposeParameters } from '../../models/parameters';
import type { Maze, MazeRewards } from '../../tasks/maze';
import { expectedWalks, greedyProbabilities } from './expectedWalk';

/** Means over the maze's starts, computed from the policy's probabilities: no luck of the draw. */
export interface RobotRow {
  /** Training steps taken; 0 before the first. */
  readonly step: number;
  /** The rewards' sum over a walk on which each action is drawn from the policy. */
  readonly reward: number;
  /** The share of starts from which the likeliest actions lead out within two actions of the shortest way. */
  readonly accuracy: number;
  /** Of walks on which each action is drawn from the policy: the share that leads out, … */
  readonly share_out: number;
  /** … the actions until out or stuck, … */
  readonly actions: number;
  /** … and the drives into a wall. */
  readonly bumps: number;
  /** The same of walks by the likeliest actions. */
  readonly greedy_share_out: number;
  readonly greedy_actions: number;
  readonly greedy_bumps: number;
}

/** What a robot has learnt after some steps. */
export interface RobotSnapshot {
  readonly seed: number;
  readonly step: number;
  /** The critic's value of each state, in the unit of the reward. */
  readonly values: readonly number[];
  /** π(a|s), [state][action]. */
  readonly probabilities: readonly (readonly number[])[];
}

export interface RobotConfig {
  readonly maze: Maze;
  readonly rewards: MazeRewards;
  /** Actions after which a robot that is not out is stuck. */
  readonly maxSteps: number;
  /** A row is measured each `evaluateEvery` steps, and after the last. */
  readonly ppo: PpoConfig;
  /** Where snapshots are added, each so many steps, at the start and at the end. */
  readonly snapshots?: { readonly kept: RobotSnapshot[]; readonly every: number };
}

/** A row before the first step, and after each step that is due. The models are the run's own, and disposed of at its end. */
export async function* trainRobot(config: RobotConfig, seed: number): AsyncGenerator<RobotRow, void> {
  const { maze, rewards, maxSteps, snapshots } = config;
  const { steps, evaluateEvery } = config.ppo;
  const random = seededRandom(seed);
  const models = mazeModels(maze, random);
  const task = mazeTask({ maze, rewards, maxSteps });

  async function measured(step: number, probabilities: number[][]): Promise<RobotRow> {
    const drawn = overStarts(maze, expectedWalks(maze, probabilities, rewards, maxSteps, 1));
    const greedy = greedyProbabilities(probabilities);
    const likeliest = overStarts(maze, expectedWalks(maze, greedy, rewards, maxSteps, 1));
    const { accuracy } = await task.evaluate(models.policy);
    return {
      step,
      reward: drawn.value,
      accuracy,
      share_out: drawn.share_out,
      actions: drawn.actions,
      bumps: drawn.bumps,
      greedy_share_out: likeliest.share_out,
      greedy_actions: likeliest.actions,
      greedy_bumps: likeliest.bumps,
    };
  }

  async function* look(step: number): AsyncGenerator<RobotRow, void> {
    const probabilities = await mazeProbabilities(models.policy, maze, 1);
    if (snapshots && isDue(step, snapshots.every, steps)) {
      snapshots.kept.push({ seed, step, values: await criticValues(models, maze), probabilities });
    }
    if (isDue(step, evaluateEvery, steps)) yield measured(step, probabilities);
  }

  try {
    yield* look(0);
    for await (const { step } of ppo(task, models, config.ppo, random.split('train'))) yield* look(step);
  } finally {
    for (const { parameters } of [models.policy, models.critic]) disposeParameters(parameters);
  }
}

function overStarts({ starts }: Maze, walks: ReturnType<typeof expectedWalks>) {
  const over = (column: keyof (typeof walks)[number]) => mean(starts.map((start) => walks[start]![column]));
  return {
    share_out: over('share_out'),
    actions: over('actions'),
    bumps: over('bumps'),
    value: over('value'),
  };
}

async function criticValues({ critic }: MazeModels, { transitions }: Maze): Promise<number[]> {
  const tensor = tf.tidy(() => {
    const positions = tf.range(0, transitions.length, 1, 'int32').expandDims<tf.Tensor2D>(0);
    return critic.values({ positions }, transitions.length);
  });
  const values = Array.from(await tensor.data());
  tensor.dispose();
  return values;
}

/** Reward and accuracy as rows of one column, for one figure: both are at most about 1. */
export function rewardAndAccuracy<Row extends RobotRow & { readonly seed: number }>(rows: readonly Row[]) {
  return rows.flatMap(({ seed, step, reward, accuracy }) => [
    { seed, step, measure: 'reward of a walk', value: reward },
    { seed, step, measure: 'accuracy (share of starts)', value: accuracy },
  ]);
}
