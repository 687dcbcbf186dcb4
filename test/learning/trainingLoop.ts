/** The algorithms whose learning is measured, and their loops without a run's folder. */
import { newMemory } from '../../lib/algorithms/updates/memory';
import type { TrainingRow } from '../../lib/experiments/definitions/algorithmDefinition';
import { algorithmNamed } from '../../lib/experiments/definitions/algorithms';
import type { Configs, OpenTask } from '../../lib/experiments/definitions/taskDefinition';
import type { Random } from '../../lib/math/random';

const algorithmNames = ['trpo', 'ppo', 'grpo'] as const;
export type AlgorithmName = (typeof algorithmNames)[number];

/** "trpo,ppo" as the command line has them. */
export function algorithmsNamed(text: string): AlgorithmName[] {
  return text.split(',').map((name) => {
    const algorithm = algorithmNames.find((one) => one === name.toLowerCase());
    if (!algorithm)
      throw new Error(`no algorithm is named "${name}"; expected ${algorithmNames.join(', ')}.`);
    return algorithm;
  });
}

export function trainingLoop(
  algorithm: AlgorithmName,
  open: OpenTask,
  settings: Pick<Configs, AlgorithmName>,
  random: Random,
): AsyncGenerator<TrainingRow, void> {
  const { train } = algorithmNamed(algorithm);
  return train(open, { ...settings[algorithm] }, random, { memory: newMemory() });
}
