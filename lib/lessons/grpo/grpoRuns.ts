/** GRPO with several settings from the same assistant and the same seeds, as rows of one table. */
import { type GrpoConfig, type GrpoRow, grpo } from '../../algorithms/grpo';
import { isDue } from '../../algorithms/reinforcementConfig';
import type { Task } from '../../algorithms/rollouts/rollout';
import { groupBy } from '../../math/groupBy';
import { seededRandom } from '../../math/random';
import { mean } from '../../math/statistics';
import { copyGptPolicy, type GptPolicy, type TokenStates } from '../../models/gptPolicy';
import { disposeParameters } from '../../models/parameters';

export interface GrpoTrial {
  /** What is trained: each run gets a copy. Where β is not 0 it is the reference too. */
  readonly start: GptPolicy;
  readonly task: Task<TokenStates>;
  /** The same task with the questions that no training asks. */
  readonly heldOut: Task<TokenStates>;
}

export interface GrpoRunRow extends GrpoRow {
  readonly seed: number;
  readonly setting: string;
  readonly group_size: number;
  readonly temperature: number;
  /** Of greedy answers to the task's questions, at steps with an evaluation. */
  readonly greedy_reward: number | null;
  /** The same and the accuracy on held-out questions, after the last step. */
  readonly held_out_reward: number | null;
  readonly held_out_accuracy: number | null;
}

/** All settings of the first seed, then all of the next, so that a live figure shows them side by side early. */
export async function* grpoRuns(
  trial: GrpoTrial,
  settings: Readonly<Record<string, GrpoConfig>>,
  seeds: readonly number[],
): AsyncGenerator<GrpoRunRow, void> {
  for (const seed of seeds) {
    for (const [setting, config] of Object.entries(settings)) yield* run(trial, setting, config, seed);
  }
}

async function* run(
  { start, task, heldOut }: GrpoTrial,
  setting: string,
  config: GrpoConfig,
  seed: number,
): AsyncGenerator<GrpoRunRow, void> {
  const policy = copyGptPolicy(start);
  // evaluated here, where the reward is measured along with the accuracy
  const { steps, evaluateEvery } = config;
  const unevaluated = { ...task, evaluate: async () => ({ accuracy: Number.NaN, reward: 0, length: 0 }) };
  const reference = config.klCoefficient === 0 ? null : start;
  try {
    const random = seededRandom(seed).split('train');
    for await (const row of grpo(unevaluated, policy, reference, config, random)) {
      const { step } = row;
      const greedy = isDue(step, evaluateEvery, steps) ? await task.evaluate(policy) : null;
      const unseen = step === steps ? await heldOut.evaluate(policy) : null;
      yield {
        seed,
        setting,
        group_size: config.groupSize,
        temperature: config.temperature,
        ...row,
        accuracy: greedy?.accuracy ?? null,
        greedy_reward: greedy?.reward ?? null,
        held_out_reward: unseen?.reward ?? null,
        held_out_accuracy: unseen?.accuracy ?? null,
      };
    }
  } finally {
    disposeParameters(policy.parameters);
  }
}

export interface GrpoFinish
  extends Pick<
    GrpoRunRow,
    | 'seed'
    | 'setting'
    | 'group_size'
    | 'temperature'
    | 'greedy_reward'
    | 'accuracy'
    | 'held_out_reward'
    | 'held_out_accuracy'
    | 'entropy'
    | 'frac_cut_off'
  > {
  /** The best greedy reward at any evaluation. */
  readonly best_greedy_reward: number;
  /** Mean over all steps of the share of groups of equal rewards. */
  readonly frac_reward_zero_std: number;
  /** In all. */
  readonly groups_sampled: number;
}

/** What each run ends with, its last step and means over all: one row a setting and seed. */
export function grpoFinishes(rows: readonly GrpoRunRow[]): GrpoFinish[] {
  const runs = groupBy(rows, ({ seed, setting }) => JSON.stringify([seed, setting]));
  return [...runs.values()].map((curve) => {
    const last = curve.at(-1)!;
    const { seed, setting, group_size, temperature, greedy_reward, accuracy } = last;
    const { held_out_reward, held_out_accuracy, entropy, frac_cut_off } = last;
    return {
      seed,
      setting,
      group_size,
      temperature,
      greedy_reward,
      best_greedy_reward: Math.max(...curve.map((row) => row.greedy_reward ?? Number.NEGATIVE_INFINITY)),
      accuracy,
      held_out_reward,
      held_out_accuracy,
      entropy,
      frac_cut_off,
      frac_reward_zero_std: mean(curve.map((row) => row.frac_reward_zero_std)),
      groups_sampled: curve.reduce((sum, row) => sum + row.groups_sampled, 0),
    };
  });
}
