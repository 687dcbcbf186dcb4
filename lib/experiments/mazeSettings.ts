/** Sizes and optimizers with which a table learns the way out of a small maze in seconds. */
import type { GrpoConfig } from '../algorithms/grpo';
import type { PpoConfig } from '../algorithms/ppo';
import type { ReinforceConfig } from '../algorithms/reinforce';
import type { TrpoConfig } from '../algorithms/trpo';
import type { Random } from '../math/random';
import { createMlpCritic, createMlpPolicy, type MlpCritic, type MlpPolicy } from '../models/mlp';
import { type Maze, moves } from '../tasks/maze';

/** Actions after which a robot counts as stuck; the longest of the shortest ways is 9 in `room`, 18 in `two-ways`. */
export const maxSteps = 32;

/** Steps enough for `room`; `two-ways` takes half as many more, since the way that is first found is often the longer. */
const rollouts = { steps: 40, queries: 8, groupSize: 8, temperature: 1, evaluateEvery: 5 };
// a table's logits start at 0 and have some way to go, each moved only by what happens in its own state
const optimizer = { learningRate: 0.05, warmupSteps: 0, schedule: 'constant', maxGradNorm: 1 } as const;

/** What any preset needs to train a table in a maze: ppo(…, { ...presets.cleanrl.ppo, ...inMazes }, …). */
export const inMazes = { ...rollouts, ...optimizer };

export const mazeSettings: {
  readonly reinforce: ReinforceConfig;
  readonly grpo: GrpoConfig;
  readonly ppo: PpoConfig;
  readonly trpo: TrpoConfig;
} = {
  // more steps, at no more time: one update each where GRPO and PPO take four
  reinforce: { ...inMazes, steps: 80, baseline: 'leave-one-out', aggregation: 'token-mean', discount: 1 },
  grpo: {
    ...inMazes,
    baseline: 'mean',
    scale: 'group',
    ddof: 1,
    scaleEpsilon: 1e-4,
    clipLow: 0.2,
    clipHigh: 0.2,
    klCoefficient: 0,
    aggregation: 'token-mean',
    epochs: 4,
    minibatches: 1,
    maxRollouts: 1,
  },
  ppo: {
    ...inMazes,
    clipLow: 0.2,
    clipHigh: 0.2,
    klCoefficient: 0,
    klControl: 'fixed',
    klTarget: 1,
    klHorizon: 1,
    epochs: 4,
    minibatches: 1,
    // below 1, so that the shorter way is worth more
    discount: 0.99,
    lambda: 0.95,
    whitening: { ddof: 1, epsilon: 1e-8, form: 'deviation' },
    whitenOver: 'minibatch',
    // keeps the other way open until it has been tried
    entropyCoefficient: 0.01,
    valueLearningRate: 0.05,
    valueClipRange: null,
    valueClipForm: 'max',
    klStop: null,
  },
  trpo: {
    ...rollouts,
    maxKl: 0.02,
    // a table's Fisher matrix is small wherever the robot seldom is: more damping would hold those states back
    damping: 0.001,
    conjugateGradientSteps: 10,
    lineSearchSteps: 10,
    backtrackFactor: 0.8,
    discount: 0.99,
    lambda: 0.97,
    whitening: { ddof: 0, epsilon: 0, form: 'deviation' },
    valueSteps: 5,
    valueLearningRate: 0.05,
  },
};

/** What TRPO and PPO train in a maze. */
export interface MazeModels {
  readonly policy: MlpPolicy;
  readonly critic: MlpCritic;
  readonly reference: null;
}

/** A logit for each state and action, and a value for each state; what is learnt of one state changes no other. */
export function mazeModels(maze: Maze, random: Random): MazeModels {
  const table = { states: maze.transitions.length, hidden: [] };
  const policy = createMlpPolicy({ ...table, actions: moves.length }, random.split('policy'));
  return { policy, critic: createMlpCritic(table, random.split('critic')), reference: null };
}
