export interface LearningRateSchedule {
  /** The largest learning rate. */
  readonly learningRate: number;
  /** Steps over which it rises from 0. */
  readonly warmupSteps: number;
  /** How it falls: 'linear' and 'cosine' would reach 0 one step after the last; 'constant' stays. */
  readonly schedule?: 'linear' | 'cosine' | 'constant';
  /** The share of the largest learning rate that 'linear' and 'cosine' fall to in place of 0. */
  readonly minimumShare?: number;
  readonly steps: number;
}

/** The learning rate of step 1 … steps: a linear rise, and a fall over all steps; linear where none is named. */
export function learningRateAt(
  step: number,
  { learningRate, warmupSteps, schedule = 'linear', minimumShare = 0, steps }: LearningRateSchedule,
): number {
  const rise = warmupSteps > 0 ? Math.min(1, step / warmupSteps) : 1;
  const gone = (step - 1) / steps;
  const fall = { linear: 1 - gone, cosine: 0.5 * (1 + Math.cos(Math.PI * gone)), constant: 1 }[schedule];
  return learningRate * rise * (minimumShare + (1 - minimumShare) * fall);
}
