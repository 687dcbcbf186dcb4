/**
 * What it takes, besides its parameters, to make a saved model again: its kind, its size, whether its trunk is frozen,
 * and its tokenizer. It comes from a file, so each field is checked; each fault is one sentence.
 */

import { type Fields, isFields, shown } from '../errors/fields';
import { refuse as refuseInput } from '../errors/inputError';
import { type GptConfig, gptSpecification } from './gpt';
import { type GptPolicy, gptPolicy, gptPolicySpecification } from './gptPolicy';
import {
  type MlpConfig,
  type MlpCritic,
  type MlpPolicy,
  type MlpPolicyConfig,
  mlpCritic,
  mlpPolicy,
  mlpSpecification,
} from './mlp';
import type { ParameterSpecification, Parameters } from './parameters';
import type { RewardModel } from './rewardModel';
import { scalarHeadSpecification } from './scalarHead';
import { type Splitting, type Tokenizer, tokenizerOf } from './tokenizer';
import { type ValueModel, valueModel } from './valueModel';

export interface Models {
  readonly 'gpt-policy': GptPolicy;
  readonly 'reward-model': RewardModel;
  readonly 'value-model': ValueModel;
  readonly 'mlp-policy': MlpPolicy;
  readonly 'mlp-critic': MlpCritic;
}

export type ModelKind = keyof Models;

interface Kind<Model extends Models[ModelKind]> {
  readonly readConfig: (fields: Fields) => Model['config'];
  /** The parameters of a trunk, which may be frozen. */
  readonly trunk?: (config: Model['config']) => ParameterSpecification;
  /** All others. */
  readonly own: (config: Model['config']) => ParameterSpecification;
  readonly model: (config: Model['config'], parameters: Parameters) => Model;
}

const headed = { readConfig: readGptConfig, trunk: gptSpecification, own: scalarHeadSpecification };

const kinds: { readonly [K in ModelKind]: Kind<Models[K]> } = {
  'gpt-policy': { readConfig: readGptConfig, own: gptPolicySpecification, model: gptPolicy },
  'reward-model': { ...headed, model: (config, parameters) => ({ config, parameters }) },
  'value-model': { ...headed, model: valueModel },
  'mlp-policy': {
    readConfig: readMlpPolicyConfig,
    own: (config) => mlpSpecification(config, config.actions),
    model: mlpPolicy,
  },
  'mlp-critic': {
    readConfig: readMlpConfig,
    own: (config) => mlpSpecification(config, 1),
    model: mlpCritic,
  },
};

export interface ModelDescription<Model extends Models[ModelKind]> {
  readonly trained: ParameterSpecification;
  /** The parameters of a frozen trunk. */
  readonly frozen?: ParameterSpecification;
  readonly tokenizer?: Tokenizer;
  /** The model of given parameters. */
  readonly model: (parameters: Parameters) => Model;
}

export function describeModel<K extends ModelKind>(kind: K, model: Models[K], tokenizer?: Tokenizer): Fields {
  const { config, parameters }: { config: Models[K]['config']; parameters: Parameters } = model;
  const { readConfig }: Kind<Models[K]> = kinds[kind];
  return {
    kind,
    config: readConfig({ ...config }),
    ...(parameters.frozen && { frozenTrunk: true }),
    ...(tokenizer && { tokenizer: { splitting: tokenizer.splitting, vocabulary: tokenizer.vocabulary } }),
  };
}

/** @throws InputError for a field that is missing or not as `describeModel` writes it, and for another kind */
export function readDescription<K extends ModelKind>(
  expectedKind: K,
  { kind, config: size, frozenTrunk = false, tokenizer }: Fields,
): ModelDescription<Models[K]> {
  if (kind !== expectedKind) refuse('kind', kind, `"${expectedKind}"`);
  const { readConfig, trunk, own, model }: Kind<Models[K]> = kinds[expectedKind];
  if (!isFields(size)) refuse('config', size, 'an object');
  if (frozenTrunk !== false && (frozenTrunk !== true || !trunk)) {
    refuse('frozenTrunk', frozenTrunk, trunk ? 'true or false' : `false in a ${expectedKind}`);
  }
  const config = readConfig(size);
  const [trunkParts, ownParts] = [trunk?.(config), own(config)];
  return {
    ...(frozenTrunk && trunkParts
      ? { trained: ownParts, frozen: trunkParts }
      : { trained: { ...trunkParts, ...ownParts } }),
    ...(tokenizer !== undefined && { tokenizer: readTokenizer(tokenizer, size.vocabularySize) }),
    model: (parameters) => model(config, parameters),
  };
}

function readGptConfig(fields: Fields): GptConfig {
  const { tiedHead } = fields;
  if (tiedHead !== undefined && typeof tiedHead !== 'boolean') {
    refuse('config.tiedHead', tiedHead, 'true or false');
  }
  return {
    vocabularySize: readCount(fields, 'vocabularySize'),
    contextLength: readCount(fields, 'contextLength'),
    layers: readCount(fields, 'layers'),
    heads: readCount(fields, 'heads'),
    width: readCount(fields, 'width'),
    ...(typeof tiedHead === 'boolean' && { tiedHead }),
  };
}

function readMlpConfig(fields: Fields): MlpConfig {
  const { hidden } = fields;
  if (!Array.isArray(hidden) || !hidden.every(isCount)) {
    refuse('config.hidden', hidden, 'a list of whole numbers from 1');
  }
  return { states: readCount(fields, 'states'), hidden };
}

function readMlpPolicyConfig(fields: Fields): MlpPolicyConfig {
  return { ...readMlpConfig(fields), actions: readCount(fields, 'actions') };
}

function readTokenizer(fields: unknown, vocabularySize: unknown): Tokenizer {
  if (!isFields(fields)) refuse('tokenizer', fields, 'an object');
  const { splitting, vocabulary } = fields;
  if (!Array.isArray(vocabulary) || !vocabulary.every((token) => typeof token === 'string')) {
    refuse('tokenizer.vocabulary', vocabulary, 'a list of texts');
  }
  if (vocabulary.length !== vocabularySize) {
    refuse('config.vocabularySize', vocabularySize, `the tokenizer's ${vocabulary.length} tokens`);
  }
  return tokenizerOf(vocabulary, splitting as Splitting);
}

function readCount(fields: Fields, name: string): number {
  const value = fields[name];
  return isCount(value) ? value : refuse(`config.${name}`, value, 'a whole number from 1');
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

function refuse(field: string, value: unknown, expected: string): never {
  refuseInput(field, value === undefined ? 'missing' : shown(value), expected);
}
