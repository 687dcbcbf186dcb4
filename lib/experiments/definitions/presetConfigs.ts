/** The presets that each algorithm has, by name: "trl" for TRL's own, and "trl.rloo" for its RLOO, a setting of GRPO. */
import { presets } from '../../algorithms/presets';
import type { Fields } from '../../errors/fields';
import type { Configs } from './taskDefinition';

export type LabAlgorithm = keyof Configs;

/** The task's own settings. */
export const labPreset = 'lab';

/** Of which algorithm a part of a preset is, and what its name gets. */
const parts: Readonly<Record<string, { readonly of: LabAlgorithm; readonly suffix: string }>> = {
  grpo: { of: 'grpo', suffix: '' },
  rloo: { of: 'grpo', suffix: '.rloo' },
  ppo: { of: 'ppo', suffix: '' },
  trpo: { of: 'trpo', suffix: '' },
};

/** The choices of every preset that has the algorithm, without sizes. */
export function presetConfigs(algorithm: LabAlgorithm): ReadonlyMap<string, Fields> {
  const configs = Object.entries(presets).flatMap(([preset, choices]) =>
    Object.entries<unknown>(choices).flatMap(([name, config]): [string, Fields][] => {
      const part = parts[name];
      return part?.of === algorithm ? [[preset + part.suffix, config as Fields]] : [];
    }),
  );
  return new Map(configs);
}

/** Of all algorithms together. */
export const presetNames: readonly string[] = [
  ...new Set([
    labPreset,
    ...(['grpo', 'ppo', 'trpo'] as const).flatMap((algorithm) => [...presetConfigs(algorithm).keys()]),
  ]),
];
