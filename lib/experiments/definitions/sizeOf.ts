/** How large a run is, and how fast so small a model learns, whatever preset says how it learns. */
import type { Configs, TaskDefinition } from './taskDefinition';

const rollouts = ['steps', 'queries', 'groupSize', 'temperature', 'evaluateEvery'] as const;
const optimizer = ['learningRate', 'warmupSteps', 'schedule', 'maxGradNorm'] as const;

/**
 * What other presets take over from a task's own settings: as `inMazes` and `onAdditions` do, and the critic's rate.
 * @param hasReference without one no preset's KL has anything to be measured from
 */
export function sizeOf(
  { reinforce, grpo, ppo, trpo }: Configs,
  hasReference: boolean,
): TaskDefinition['size'] {
  const noKl = hasReference ? {} : { klCoefficient: 0 };
  return {
    reinforce: chosen(reinforce, [...rollouts, ...optimizer]),
    grpo: { ...chosen(grpo, [...rollouts, ...optimizer]), ...noKl },
    ppo: { ...chosen(ppo, [...rollouts, ...optimizer, 'valueLearningRate']), ...noKl },
    trpo: chosen(trpo, [...rollouts, 'valueLearningRate']),
  };
}

function chosen<Config extends object, Name extends keyof Config>(
  config: Config,
  names: readonly Name[],
): Pick<Config, Name> {
  const there = names.filter((name) => config[name] !== undefined);
  return Object.fromEntries(there.map((name) => [name, config[name]])) as unknown as Pick<Config, Name>;
}
