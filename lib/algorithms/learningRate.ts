export interface LearningRateSchedule {
  /** The largest learning rate. */
  readonly learningRate: number;
  /** Steps over which it rises from 0. */
  readonly warmupSteps: number;
  readonly steps: number;
}

/** The learning rate of step 1 … steps: a linear rise, then a linear fall that would reach 0 one step after the last. */
export function learningRateAt(
  step: number,
  { learningRate, warmupSteps, steps }: LearningRateSchedule,
): number {
  const rise = warmupSteps > 0 ? Math.min(1, step / warmupSteps) : 1;
  return learningRate * rise * (1 - (step - 1) / steps);
}
