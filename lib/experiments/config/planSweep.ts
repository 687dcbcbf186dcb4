/** From a request to its runs: every name resolved, every config whole and checked, before anything runs. */
import type { Fields } from '../../errors/fields';
import { InputError } from '../../errors/inputError';
import { nearestName } from '../../errors/nearestName';
import type { AlgorithmDefinition } from '../definitions/algorithmDefinition';
import { algorithmNamed, algorithmNames } from '../definitions/algorithms';
import { presetNames } from '../definitions/presetConfigs';
import type { TaskDefinition } from '../definitions/taskDefinition';
import { taskNamed } from '../definitions/tasks';
import type { Keeping, RunSpec } from '../run/runSpec';
import { withText } from './infinity';
import { readConfig } from './readConfig';
import { readRequest } from './requestSchema';
import { canonicalJson, runId } from './runId';
import { fieldsSet, prefixOf, type Setting, settingsOf, withSetting } from './settings';
import type { SweepRequest } from './sweepRequest';

export interface SweepPlan {
  /** All settings of the first seed, then all of the next, so that the first seeds of all are seen early. */
  readonly specs: RunSpec[];
  readonly tasks: Map<string, TaskDefinition>;
  readonly algorithms: Map<string, AlgorithmDefinition>;
}

/** Letters, digits, . and -: what may be in a folder's name, and never the "__" between its parts. */
const nameForm = /^[A-Za-z0-9.-]+$/u;

/** @throws InputError for the first problem of the request; nothing was written */
export function planSweep(request: SweepRequest): SweepPlan {
  const { task: asked, algorithm, preset = 'lab', seeds, set = {}, ...keeping } = readRequest(request);
  const task = typeof asked === 'string' ? taskNamed(asked) : asked;
  const algorithms = [algorithm].flat().map((one) => (typeof one === 'string' ? algorithmNamed(one) : one));
  requireNames(task, algorithms);
  for (const one of algorithms) requirePreset(preset, one);
  requireKnownPrefixes(set, algorithms);

  const settings = algorithms.flatMap((one) =>
    settingsOf(one, algorithms, set).map((setting): Planned => {
      const config = told(one, algorithms, () => checkedConfig(task, one, preset, setting));
      return {
        task: task.name,
        algorithm: one.name,
        preset,
        id: idOf(task, one, config),
        set: withText(setting) as Setting,
        config: withText(config) as Fields,
        keeping: { ...usualKeeping(config), ...keeping },
      };
    }),
  );
  requireDistinct(settings);
  return {
    specs: seeds.flatMap((seed) =>
      settings.map((planned) => ({
        name: `${planned.task}__${planned.algorithm}__${seed}__${planned.id}`,
        seed,
        ...planned,
      })),
    ),
    tasks: new Map([[task.name, task]]),
    algorithms: new Map(algorithms.map((one) => [one.name, one])),
  };
}

type Planned = Omit<RunSpec, 'name' | 'seed'>;

function idOf(task: TaskDefinition, algorithm: AlgorithmDefinition, config: Fields): string {
  return runId({
    task: task.name,
    taskSource: task.source,
    algorithm: algorithm.name,
    algorithmSource: algorithm.source,
    config,
  });
}

/** What is evaluated is also kept. */
function usualKeeping(config: Fields): Keeping {
  const every = config.evaluateEvery as number;
  return { checkpointEvery: every, keepCheckpoints: 2, completionsEvery: every, tensorboard: false };
}

/** The preset's config with the setting in it, if it is one and the task allows it. */
function checkedConfig(
  task: TaskDefinition,
  algorithm: AlgorithmDefinition,
  preset: string,
  setting: Setting,
): Fields {
  const written = new Map(Object.keys(setting).flatMap((key) => fieldsSet(key).map((field) => [field, key])));
  const options = { of: algorithm.name, names: Object.keys(algorithm.documentation), written };
  const whole = withSetting(algorithm.defaults(task, preset), setting);
  const config = readConfig(algorithm.schema, whole, options);
  requireTask(config, task);
  return config;
}

/** Where a request has several algorithms, a sentence begins with the one that it is about. */
function told<Value>(
  { name }: AlgorithmDefinition,
  { length: several }: readonly AlgorithmDefinition[],
  read: () => Value,
): Value {
  try {
    return read();
  } catch (error) {
    if (several === 1 || !(error instanceof InputError)) throw error;
    throw new InputError(`${name}: ${error.message}`);
  }
}

function requireTask({ klCoefficient = 0, queries }: Fields, task: TaskDefinition): void {
  if (klCoefficient !== 0 && !task.hasReference) {
    throw new InputError(
      `klCoefficient is ${klCoefficient}, but the task "${task.name}" has no reference policy to hold on to; expected 0.`,
    );
  }
  if (task.queries !== null && (queries as number) > task.queries) {
    throw new InputError(
      `queries is ${queries}, but the task "${task.name}" has ${task.queries}; expected at most as many.`,
    );
  }
}

function requireNames(task: TaskDefinition, algorithms: readonly AlgorithmDefinition[]): void {
  const names = algorithms.map(({ name }) => name);
  for (const [what, name] of [['task', task.name], ...names.map((name) => ['algorithm', name])]) {
    if (nameForm.test(name!)) continue;
    throw new InputError(`the ${what}'s name is "${name}"; expected letters, digits, "." and "-" alone.`);
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw new InputError(`the algorithm "${twice}" stands twice; expected each once.`);
}

function requirePreset(preset: string, { name, presets }: AlgorithmDefinition): void {
  if (presets.includes(preset)) return;
  if (presetNames.includes(preset)) {
    throw new InputError(`the preset "${preset}" has no ${name}; expected one of ${presets.join(', ')}.`);
  }
  const nearest = nearestName(preset, [...new Set([...presets, ...presetNames])]);
  throw new InputError(`there is no preset "${preset}"; did you mean "${nearest}"?`);
}

/** A setting may have the prefix of an algorithm that the request does not run: it would do nothing. */
function requireKnownPrefixes(set: Fields, algorithms: readonly AlgorithmDefinition[]): void {
  const names = algorithms.map(({ name }) => name);
  for (const key of Object.keys(set)) {
    if (prefixOf(key, algorithms)) continue;
    const other = algorithmNames.find((name) => key.startsWith(`${name}.`));
    if (!other) continue;
    throw new InputError(
      `${key} is set for ${other}, which this sweep does not run; it runs ${names.join(', ')}.`,
    );
  }
}

/** Two settings of one id would share a folder. */
function requireDistinct(settings: readonly Planned[]): void {
  settings.forEach((setting, i) => {
    const same = settings
      .slice(0, i)
      .find(({ id, algorithm }) => id === setting.id && algorithm === setting.algorithm);
    if (!same) return;
    throw new InputError(
      `${canonicalJson(same.set)} and ${canonicalJson(setting.set)} are the same setting of ${setting.algorithm}; expected each once.`,
    );
  });
}
