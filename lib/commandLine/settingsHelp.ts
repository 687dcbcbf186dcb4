/** What can be set of an algorithm, which presets have it, and what it can learn. */
import type { Fields } from '../errors/fields';
import { withText } from '../experiments/config/infinity';
import type { AlgorithmDefinition } from '../experiments/definitions/algorithmDefinition';
import { algorithmNamed } from '../experiments/definitions/algorithms';
import type { TaskDefinition } from '../experiments/definitions/taskDefinition';
import { taskNamed, taskNames } from '../experiments/definitions/tasks';
import type { HelpOptions } from './options';
import { wrap } from './wrap';

/**
 * With a task, each setting with the value that it has there before anything is set.
 * @param columns of the terminal
 * @throws InputError for names that there are not
 */
export function settingsHelp({ algorithms, task, preset }: HelpOptions, columns = 120): string {
  const width = Math.max(60, Math.min(columns, 120));
  const definitions = algorithms.map(algorithmNamed);
  const onTask = task === null ? null : taskNamed(task);
  const tasks = taskNames.map((name) => [name, taskNamed(name).description] as const);
  return [
    ...definitions.flatMap((algorithm) => [...settingLines(algorithm, onTask, preset ?? 'lab', width), '']),
    'Tasks, for --task:',
    ...described(tasks, width),
    '',
    task === null
      ? 'With --task (and --preset), this help tells the values that the settings have there.'
      : `Values are those of the preset "${preset ?? 'lab'}" on the task "${task}".`,
  ].join('\n');
}

function settingLines(
  algorithm: AlgorithmDefinition,
  task: TaskDefinition | null,
  preset: string,
  width: number,
): string[] {
  const { name, presets, documentation } = algorithm;
  const values = task && (withText(algorithm.defaults(task, preset)) as Fields);
  const settings = Object.entries(documentation).map(([setting, sentence]) => {
    const value = values && valueAt(values, setting);
    return [value === null ? setting : `${setting}=${value}`, sentence] as const;
  });
  return [
    `Settings of ${name}, for --set:`,
    ...described(settings, width),
    '',
    `Presets with ${name}, for --preset:`,
    ...wrap(presets.join(', '), width - 2).map((line) => `  ${line}`),
  ];
}

/** Of "whitening.ddof" too; null where there is none. */
function valueAt(values: Fields, setting: string): string | null {
  const value = setting
    .split('.')
    .reduce<unknown>((inner, part) => (inner as Fields | null | undefined)?.[part], values);
  if (value === undefined || (typeof value === 'object' && value !== null)) return null;
  return String(value);
}

/** Names at the left, sentences beside them. */
function described(entries: readonly (readonly [name: string, sentence: string])[], width: number): string[] {
  const longest = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.flatMap(([name, sentence]) =>
    wrap(sentence, width - longest - 4).map(
      (line, i) => `  ${(i === 0 ? name : '').padEnd(longest)}  ${line}`,
    ),
  );
}
