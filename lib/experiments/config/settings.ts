/** What a request sets: for which algorithm, which fields, and each combination of the values that it lists. */
import { type Fields, isFields } from '../../errors/fields';
import { InputError } from '../../errors/inputError';
import { nearestName } from '../../errors/nearestName';
import type { AlgorithmDefinition } from '../definitions/algorithmDefinition';
import type { SettingValue } from '../run/runSpec';
import { unknownSetting, written } from './configProblem';
import { clipRange } from './documentation';
import { withInfinity } from './infinity';
import { canonicalJson } from './runId';

export type Setting = Readonly<Record<string, SettingValue>>;
type Requested = Readonly<Record<string, SettingValue | readonly SettingValue[]>>;

/**
 * The settings of one algorithm: each combination of the listed values, the last list changing fastest. What is set
 * with the algorithm's prefix takes the place of what is set for all.
 * @param all the algorithms of the request: a field without a prefix is one that each of them has
 * @throws InputError for a field that is none, or that is set twice, and for a list that holds nothing or one value twice
 */
export function settingsOf(
  algorithm: AlgorithmDefinition,
  all: readonly AlgorithmDefinition[],
  requested: Requested,
): Setting[] {
  const own = new Map<string, SettingValue | readonly SettingValue[]>();
  for (const [key, value] of Object.entries(requested)) {
    const prefixed = prefixOf(key, all);
    const field = prefixed ? key.slice(prefixed.name.length + 1) : key;
    if (prefixed) requireField(field, prefixed);
    else requireFieldOfAll(field, all);
    const isOverridden = !prefixed && `${algorithm.name}.${key}` in requested;
    if ((!prefixed || prefixed === algorithm) && !isOverridden) own.set(field, value);
  }
  requireEachOnce([...own.keys()]);
  let settings: Setting[] = [{}];
  for (const [field, value] of own) {
    const values = listed(field, value);
    settings = settings.flatMap((setting) => values.map((one) => ({ ...setting, [field]: one })));
  }
  return settings;
}

/**
 * The config with what is set in it.
 * @throws InputError where a field of an object is set and the config has no such object
 */
export function withSetting(config: Fields, setting: Setting): Fields {
  const changed: Record<string, unknown> = { ...config };
  for (const [key, value] of Object.entries(setting)) {
    const set = withInfinity(value);
    const [field, inner] = key.split('.') as [string, string | undefined];
    if (inner !== undefined) changed[field] = { ...objectAt(changed, field, key), [inner]: set };
    else for (const name of fieldsSet(key)) changed[name] = set;
  }
  return changed;
}

/** The fields that a name sets: itself but for the shorthand. */
export const fieldsSet = (name: string): readonly string[] =>
  name === clipRange ? ['clipLow', 'clipHigh'] : [name];

function objectAt(config: Fields, field: string, key: string): Fields {
  const object = config[field];
  if (isFields(object)) return object;
  throw new InputError(
    `${key} is set, but ${field} is ${object === undefined ? 'missing' : written(object)} there; expected ${field} to be set as a whole.`,
  );
}

/** The algorithm for which alone a key is set, null for all; a name may begin with another: "grpo" and "grpo.own". */
export function prefixOf<Named extends { readonly name: string }>(
  key: string,
  algorithms: readonly Named[],
): Named | null {
  const fitting = algorithms.filter(({ name }) => key.startsWith(`${name}.`));
  return fitting.sort((a, b) => b.name.length - a.name.length)[0] ?? null;
}

const has = ({ documentation }: AlgorithmDefinition, field: string): boolean =>
  Object.hasOwn(documentation, field);

function requireField(field: string, algorithm: AlgorithmDefinition): void {
  if (has(algorithm, field)) return;
  const { name: of, documentation } = algorithm;
  throw new InputError(unknownSetting(field, { of, names: Object.keys(documentation) }));
}

function requireFieldOfAll(field: string, all: readonly AlgorithmDefinition[]): void {
  const lacking = all.filter((algorithm) => !has(algorithm, field)).map(({ name }) => name);
  const having = all.filter((algorithm) => has(algorithm, field)).map(({ name }) => name);
  if (lacking.length === 0) return;
  const of = lacking.join(' or ');
  if (having.length === 0) {
    const names = [...new Set(all.flatMap(({ documentation }) => Object.keys(documentation)))];
    throw new InputError(`${field} is no setting of ${of}; did you mean "${nearestName(field, names)}"?`);
  }
  const prefixed = having.map((name) => `"${name}.${field}"`).join(' and ');
  throw new InputError(
    `${field} is no setting of ${of}; write ${prefixed} to set it for ${having.join(' and ')} alone.`,
  );
}

/** `clipRange` and `clipLow` set one field, and so do `whitening` and `whitening.ddof`. */
function requireEachOnce(keys: readonly string[]): void {
  for (const [i, key] of keys.entries()) {
    for (const other of keys.slice(0, i)) {
      const both = fieldsSet(key).find((field) =>
        fieldsSet(other).some((set) => isWithin(field, set) || isWithin(set, field)),
      );
      if (both) throw new InputError(`${other} and ${key} both set ${both}; expected one of them.`);
    }
  }
}

const isWithin = (field: string, of: string): boolean => field === of || field.startsWith(`${of}.`);

function listed(field: string, value: SettingValue | readonly SettingValue[]): readonly SettingValue[] {
  if (!Array.isArray(value)) return [value as SettingValue];
  const values: readonly SettingValue[] = value;
  if (values.length === 0) throw new InputError(`${field} is []; expected a value, or a list of several.`);
  const texts = values.map(canonicalJson);
  const twice = texts.findIndex((text, i) => texts.indexOf(text) !== i);
  if (twice >= 0)
    throw new InputError(`${field} lists ${written(values[twice])} twice; expected each value once.`);
  return values;
}
