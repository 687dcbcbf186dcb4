/** The same robot under other rewards: what each of them changes. */
import { overSeeds } from '../../experiments/overSeeds';
import type { MazeRewards } from '../../tasks/maze';
import { type RobotConfig, type RobotRow, trainRobot } from './trainRobot';

export interface RewardVariant {
  readonly name: string;
  readonly rewards: MazeRewards;
}

/** The exit alone, and the exit with one of the other rewards. */
export function singleRewards({ exit, wall, stuck, step }: MazeRewards): RewardVariant[] {
  const alone: MazeRewards = { exit, wall: 0, stuck: 0, step: 0 };
  return [
    { name: 'exit', rewards: alone },
    { name: 'exit + wall', rewards: { ...alone, wall } },
    { name: 'exit + stuck', rewards: { ...alone, stuck } },
    { name: 'exit + step', rewards: { ...alone, step } },
  ];
}

/** Rewards that ask for something else than was meant: walls ten times as bad, and walls with the wrong sign. */
export function misspecifiedRewards({ exit, wall }: MazeRewards): RewardVariant[] {
  return [
    { name: 'exit + wall × 10', rewards: { exit, wall: 10 * wall, stuck: 0, step: 0 } },
    { name: 'exit + wall × −1', rewards: { exit, wall: -wall, stuck: 0, step: 0 } },
  ];
}

export interface VariantRow extends RobotRow {
  readonly seed: number;
  /** Of the variant. */
  readonly rewards: string;
}

/** Trains a robot of its own for each variant and seed, each variant from the same starts. */
export async function* trainVariants(
  variants: readonly RewardVariant[],
  config: Omit<RobotConfig, 'rewards' | 'snapshots'>,
  seeds: readonly number[],
): AsyncGenerator<VariantRow, void> {
  for (const { name, rewards } of variants) {
    const runs = overSeeds(seeds, (seed) => trainRobot({ ...config, rewards }, seed));
    for await (const row of runs) yield { rewards: name, ...row };
  }
}

export interface VariantSummary {
  readonly rewards: string;
  readonly seed: number;
  /** Training steps until 95 % of the walks lead out, or null where they did not within the run. */
  readonly steps_to_95: number | null;
  /** Of a walk, by the variant's own rewards. */
  readonly reward: number;
  readonly share_out: number;
  readonly actions: number;
  readonly bumps: number;
  readonly accuracy: number;
  readonly greedy_share_out: number;
  readonly greedy_actions: number;
  readonly greedy_bumps: number;
}

/** Where each run of each variant ended: its last row, and when it first found out. */
export function variantSummaries(rows: readonly VariantRow[]): VariantSummary[] {
  const runs = new Map<string, VariantRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.rewards, row.seed]);
    const run = runs.get(key);
    if (run) run.push(row);
    else runs.set(key, [row]);
  }
  return [...runs.values()].map((run) => {
    const { step: _, rewards, seed, ...last } = run.at(-1)!;
    const steps_to_95 = run.find(({ share_out }) => share_out >= 0.95)?.step ?? null;
    return { rewards, seed, steps_to_95, ...last };
  });
}
