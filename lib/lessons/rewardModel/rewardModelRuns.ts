/** Reward models trained in several ways on the same rankings and from the same seeds, as rows of one table. */
import {
  type EncodedRanking,
  encodeRankings,
  type RewardModelConfig,
  type RewardModelRow,
  scoreRankings,
  trainRewardModel,
} from '../../algorithms/trainRewardModel';
import type { Random } from '../../math/random';
import { seededRandom } from '../../math/random';
import { mean } from '../../math/statistics';
import type { GptPolicy } from '../../models/gptPolicy';
import { disposeParameters, type Parameters } from '../../models/parameters';
import { createRewardModel, type RewardModel } from '../../models/rewardModel';
import type { Tokenizer } from '../../models/tokenizer';
import { type Ranking, rankedPairs } from '../../tasks/rankings';
import { calibrationError, calibrationRows } from './calibration';

export interface RewardModelTrial {
  readonly tokenizer: Tokenizer;
  /** The language model whose trunk the head is put on. */
  readonly trunk: GptPolicy;
  /** What a seed's models are trained on. */
  readonly train: (seed: number) => readonly Ranking[];
  /** The same for all. */
  readonly heldOut: readonly Ranking[];
}

export interface RewardModelSetting extends RewardModelConfig {
  /** A copy of the trunk trained along with the head, or frozen under it; or a new one, of the same size. */
  readonly trained: 'whole' | 'head' | 'new';
  /** Only the first so many rankings are trained on; all unless said. */
  readonly rankings?: number;
}

export interface RewardModelRunRow
  extends Pick<
    RewardModelRow,
    'step' | 'loss' | 'accuracy' | 'margin' | 'held_out_loss' | 'held_out_accuracy'
  > {
  readonly seed: number;
  readonly setting: string;
  /** Trained on. */
  readonly rankings: number;
  readonly parameters: number;
  readonly trained_parameters: number;
  /** Of all parameters, and of a gradient and Adam's two moments for each trained one, in float32. */
  readonly bytes: number;
  /** After the last step: mean lead of the better of a held-out pair, in nats; null before. */
  readonly held_out_lead: number | null;
  /** After the last step: expected calibration error on the held-out pairs, ten bins; null before. */
  readonly calibration_error: number | null;
}

/** All settings of the first seed, then all of the next, so that a live figure shows them side by side early. */
export async function* rewardModelRuns(
  trial: RewardModelTrial,
  settings: Readonly<Record<string, RewardModelSetting>>,
  seeds: readonly number[],
): AsyncGenerator<RewardModelRunRow, void> {
  const heldOut = encodeRankings(trial.tokenizer, trial.heldOut);
  for (const seed of seeds) {
    const random = seededRandom(seed);
    const train = encodeRankings(trial.tokenizer, trial.train(seed));
    for (const [setting, config] of Object.entries(settings)) {
      yield* run({ seed, setting }, trial, train, heldOut, config, random);
    }
  }
}

async function* run(
  names: { readonly seed: number; readonly setting: string },
  { trunk, heldOut: heldOutRankings }: RewardModelTrial,
  train: readonly EncodedRanking[],
  heldOut: readonly EncodedRanking[],
  config: RewardModelSetting,
  random: Random,
): AsyncGenerator<RewardModelRunRow, void> {
  const model = modelFor(trunk, config.trained, random.split('model'));
  const chosen = train.slice(0, config.rankings);
  const size = sizeOf(model.parameters);
  try {
    for await (const row of trainRewardModel(model, chosen, heldOut, config, random.split('batches'))) {
      const { step, loss, accuracy, margin, held_out_loss, held_out_accuracy } = row;
      const scores = step === config.steps ? await scoreRankings(model, heldOut) : null;
      yield {
        ...names,
        step,
        rankings: chosen.length,
        ...size,
        loss,
        accuracy,
        margin,
        held_out_loss,
        held_out_accuracy,
        held_out_lead: scores && meanLead(heldOutRankings, scores),
        calibration_error: scores && calibrationError(calibrationRows(heldOutRankings, scores)),
      };
    }
  } finally {
    disposeParameters(model.parameters);
  }
}

function modelFor(trunk: GptPolicy, trained: RewardModelSetting['trained'], random: Random): RewardModel {
  const given = trained === 'new' ? undefined : { parameters: trunk.parameters, train: trained };
  return createRewardModel(trunk.config, random, given);
}

function sizeOf({ vector, frozen }: Parameters) {
  const all = vector.size + (frozen?.vector.size ?? 0);
  return { parameters: all, trained_parameters: vector.size, bytes: 4 * (all + 3 * vector.size) };
}

function meanLead(rankings: readonly Ranking[], scores: readonly (readonly number[])[]): number {
  return mean(
    rankings.flatMap(({ ranks }, r) =>
      rankedPairs(ranks).map(([better, worse]) => scores[r]![better]! - scores[r]![worse]!),
    ),
  );
}
