/** TRPO, PPO and GRPO from the same start, each with the same rollouts. */
import { type GrpoConfig, grpo } from '../algorithms/grpo';
import { type PpoConfig, ppo } from '../algorithms/ppo';
import type { Task } from '../algorithms/rollouts/rollout';
import { type TrpoConfig, type TrpoModels, trpo } from '../algorithms/trpo';
import type { Random } from '../math/random';
import { seededRandom } from '../math/random';
import { disposeParameters } from '../models/parameters';
import type { States } from '../models/policy';

export const algorithmNames = ['TRPO', 'PPO', 'GRPO'] as const;
export type AlgorithmName = (typeof algorithmNames)[number];

export interface AlgorithmSettings {
  readonly trpo: TrpoConfig;
  readonly ppo: PpoConfig;
  readonly grpo: GrpoConfig;
}

/** One algorithm's training loop; GRPO leaves the critic alone. */
export function trainingLoop<S extends States>(
  algorithm: AlgorithmName,
  task: Task<S>,
  models: TrpoModels<S>,
  settings: AlgorithmSettings,
  random: Random,
) {
  switch (algorithm) {
    case 'TRPO':
      return trpo(task, models, settings.trpo, random);
    case 'PPO':
      return ppo(task, models, settings.ppo, random);
    case 'GRPO':
      return grpo(task, models.policy, models.reference, settings.grpo, random);
  }
}

export interface Contest<S extends States> {
  readonly task: Task<S>;
  /** What no training sees, evaluated after the last step; null where there is none. */
  readonly heldOut: Task<S> | null;
  /** Models to train, which the contest disposes of; the reference may be one that several share. */
  readonly models: (random: Random) => TrpoModels<S>;
  readonly settings: AlgorithmSettings;
}

export interface HeadToHeadRow {
  readonly seed: number;
  readonly algorithm: AlgorithmName;
  readonly step: number;
  /** Sampled by this run so far, this step's included. */
  readonly trajectories: number;
  /** Mean over the step's trajectories. */
  readonly reward: number;
  /** Greedy, by the task's own rule whatever the reward; null at steps without an evaluation. */
  readonly accuracy: number | null;
  /** The same on what is held out; null before the last step. */
  readonly held_out_accuracy: number | null;
  /** k3 of the policy that acted from the start, mean over actions, in nats; null without a reference. */
  readonly kl: number | null;
  /** Mean over actions, in nats. */
  readonly entropy: number;
  /** For this step, evaluations included; differs from run to run. */
  readonly seconds: number;
}

/** All algorithms of the first seed, then all of the next, so that a live figure shows them side by side early. */
export async function* headToHead<S extends States>(
  contest: Contest<S>,
  seeds: readonly number[],
): AsyncGenerator<HeadToHeadRow, void> {
  for (const seed of seeds) {
    for (const algorithm of algorithmNames) yield* run(contest, algorithm, seed);
  }
}

async function* run<S extends States>(
  { task, heldOut, models: makeModels, settings }: Contest<S>,
  algorithm: AlgorithmName,
  seed: number,
): AsyncGenerator<HeadToHeadRow, void> {
  const random = seededRandom(seed);
  const models = makeModels(random);
  const { queries, groupSize, steps } = settings[configOf[algorithm]];
  try {
    let since = performance.now();
    for await (const row of trainingLoop(algorithm, task, models, settings, random.split('train'))) {
      const { step, reward, accuracy, kl, entropy } = row;
      const seconds = (performance.now() - since) / 1000;
      const unseen = step === steps ? await heldOut?.evaluate(models.policy) : undefined;
      const held_out_accuracy = unseen?.accuracy ?? null;
      const trajectories = step * queries * groupSize;
      yield {
        seed,
        algorithm,
        step,
        trajectories,
        reward,
        accuracy,
        held_out_accuracy,
        kl,
        entropy,
        seconds,
      };
      since = performance.now();
    }
  } finally {
    for (const { parameters } of [models.policy, models.critic]) disposeParameters(parameters);
  }
}

const configOf = { TRPO: 'trpo', PPO: 'ppo', GRPO: 'grpo' } as const;
