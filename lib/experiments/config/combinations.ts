/** What fields cannot be together, each as a sentence, or null where they can. */
import type { z } from 'zod';

export type Rule<Config> = (config: Config) => string | null;

/**
 * Refuses a config by the first of the rules that it breaks.
 * @returns for `superRefine`; what the schema infers without strict null checks is less than Config
 */
export const obey =
  <Config>(...rules: readonly Rule<Config>[]) =>
  (config: unknown, context: z.RefinementCtx): void => {
    for (const rule of rules) {
      const sentence = rule(config as Config);
      if (sentence === null) continue;
      context.addIssue({ code: 'custom', message: sentence });
      return;
    }
  };

interface Rollouts {
  readonly queries: number;
  readonly groupSize: number;
}

/** @param field the one that cuts the trajectories */
export function equalParts(field: string, parts: number, { queries, groupSize }: Rollouts): string | null {
  const trajectories = queries * groupSize;
  if (trajectories % parts === 0) return null;
  return `${field} is ${parts}; expected a number that cuts ${trajectories} trajectories (queries ${queries} · groupSize ${groupSize}) into equal parts.`;
}

export function warmupWithinSteps({
  warmupSteps,
  steps,
}: {
  readonly warmupSteps: number;
  readonly steps: number;
}): string | null {
  if (warmupSteps <= steps) return null;
  return `warmupSteps is ${warmupSteps} and steps ${steps}; expected at most as many, since the learning rate would never reach its value.`;
}

export function groupToCompareWith({
  groupSize,
  baseline,
}: {
  readonly groupSize: number;
  readonly baseline: string;
}): string | null {
  if (groupSize > 1 || baseline === 'none') return null;
  return `groupSize is 1 and baseline "${baseline}"; expected a groupSize from 2, or the baseline "none", since a response alone has nothing to be compared with.`;
}
