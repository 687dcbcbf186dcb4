/** What comes of steps along gradients that were sampled: each batch points elsewhere, and none knows where to stop. */
import type { Random } from '../../math/random';
import {
  advantagesOf,
  type Baseline,
  type BatchSize,
  sampledMazeGradient,
  sampleWalks,
} from './baselineVariance';
import {
  mazeGradient,
  type StepLengthRow,
  stepLengthRows,
  type Table,
  valuesByActionsLeft,
  type WalkSetting,
} from './mazeGradient';

export interface SampledStepRow extends StepLengthRow {
  /** Which batch; each baseline sees the same. The exact gradient has one row a length, with the seed 1. */
  readonly seed: number;
  readonly gradient: 'exact' | Baseline;
}

/** Steps along the exact gradient, and along those of several batches with several baselines. */
export function sampledStepRows(
  setting: WalkSetting,
  probabilities: Table,
  {
    size,
    batches,
    baselines,
    lengths,
  }: {
    readonly size: BatchSize;
    readonly batches: number;
    readonly baselines: readonly Baseline[];
    readonly lengths: readonly number[];
  },
  random: Random,
): SampledStepRow[] {
  const values = valuesByActionsLeft(setting, probabilities);
  const { gradient } = mazeGradient(setting, probabilities);
  const sampled = Array.from({ length: batches }, (_, batch) => {
    const walks = sampleWalks(setting, probabilities, size, random.split(batch));
    return baselines.map((baseline) => {
      const advantages = advantagesOf(walks, baseline, size.groupSize, values);
      const direction = sampledMazeGradient(probabilities, walks, advantages);
      return { seed: batch + 1, gradient: baseline, direction };
    });
  }).flat();
  return [{ seed: 1, gradient: 'exact' as const, direction: gradient }, ...sampled].flatMap(
    ({ direction, ...named }) =>
      stepLengthRows(setting, probabilities, direction, lengths).map((row) => ({ ...named, ...row })),
  );
}
