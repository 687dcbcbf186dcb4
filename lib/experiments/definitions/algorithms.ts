/** The lab's algorithms as experiments name them. */
import type { z } from 'zod';
import { type GrpoConfig, grpo } from '../../algorithms/grpo';
import { type PpoConfig, ppo } from '../../algorithms/ppo';
import { type ReinforceConfig, reinforce } from '../../algorithms/reinforce';
import { type TrpoConfig, trpo } from '../../algorithms/trpo';
import type { Fields } from '../../errors/fields';
import { InputError } from '../../errors/inputError';
import { nearestName } from '../../errors/nearestName';
import type { Random } from '../../math/random';
import { sb3Ppo, sb3Trpo } from '../columns/sb3Columns';
import { trlGrpo } from '../columns/trlColumns';
import { documentationOf } from '../config/documentation';
import { grpoSchema } from '../config/grpoSchema';
import { ppoSchema } from '../config/ppoSchema';
import { readConfig } from '../config/readConfig';
import { reinforceSchema } from '../config/reinforceSchema';
import { trpoSchema } from '../config/trpoSchema';
import type { AlgorithmDefinition, RunAttachments, TrainingRow } from './algorithmDefinition';
import { type LabAlgorithm, labPreset, presetConfigs } from './presetConfigs';
import type { OpenTask } from './taskDefinition';

type Train<Config> = (
  open: OpenTask,
  config: Config,
  random: Random,
  attachments: RunAttachments,
) => AsyncGenerator<object, void>;

const reinforceDefinition = definition<ReinforceConfig>(
  'reinforce',
  reinforceSchema,
  ({ task, policy }, config, random, { inspection, memory }) =>
    reinforce(task, policy, config, random, inspection, memory),
  trlGrpo,
);

const grpoDefinition = grpoWith({});

/** @param own what no JSON can hold: a surrogate of one's own */
export function grpoWith(own: Pick<GrpoConfig, 'surrogate'>): AlgorithmDefinition {
  return definition<GrpoConfig>(
    'grpo',
    grpoSchema,
    ({ task, policy, reference }, config, random, { inspection, memory }) =>
      grpo(task, policy, reference, { ...config, ...own }, random, inspection, memory),
    trlGrpo,
  );
}

const ppoDefinition = definition<PpoConfig>(
  'ppo',
  ppoSchema,
  ({ task, ...models }, config, random, { inspection, memory }) =>
    ppo(task, models, config, random, inspection, memory),
  sb3Ppo,
);

const trpoDefinition = definition<TrpoConfig>(
  'trpo',
  trpoSchema,
  ({ task, ...models }, config, random, { inspection, memory }) =>
    trpo(task, models, config, random, inspection, memory),
  sb3Trpo,
);

const algorithms = [reinforceDefinition, grpoDefinition, ppoDefinition, trpoDefinition];

export const algorithmNames: readonly string[] = algorithms.map(({ name }) => name);

/** @throws InputError where the lab has none of this name */
export function algorithmNamed(name: string): AlgorithmDefinition {
  const found = algorithms.find((algorithm) => algorithm.name === name);
  if (found) return found;
  throw new InputError(
    `there is no algorithm "${name}"; did you mean "${nearestName(name, algorithmNames)}"? There are ${algorithmNames.join(', ')}.`,
  );
}

function definition<Config>(
  name: LabAlgorithm,
  schema: z.ZodType,
  train: Train<Config>,
  peerRow: AlgorithmDefinition['peerRow'],
): AlgorithmDefinition {
  const documentation = documentationOf(schema);
  const presets = presetConfigs(name);
  const read = (config: Fields) =>
    readConfig(schema, config, { of: name, names: Object.keys(documentation) });
  return {
    name,
    schema: schema as z.ZodType<Fields>,
    documentation,
    presets: [labPreset, ...presets.keys()],
    defaults: ({ settings, size }, preset) =>
      preset === labPreset ? { ...settings[name] } : { ...presets.get(preset), ...size[name] },
    source: '',
    train: (open, config, random, attachments) =>
      numbersOf(train(open, read(config) as Config, random, attachments)),
    peerRow: (row, config) => peerRow(row, read(config)),
  };
}

/** The rows without their texts, such as why TRPO refused a step: `line_search_success` tells whether it did. */
async function* numbersOf(rows: AsyncIterable<object>): AsyncGenerator<TrainingRow, void> {
  for await (const row of rows) {
    yield Object.fromEntries(
      Object.entries(row).filter(([, value]) => typeof value !== 'string'),
    ) as unknown as TrainingRow;
  }
}
