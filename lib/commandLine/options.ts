/** The command line of `npm run experiment`, as data. */
import { parseArgs } from 'node:util';
import type { Fields } from '../errors/fields';
import { InputError } from '../errors/inputError';
import { type Metric, metrics } from '../experiments/comparison/endScores';
import { readAssignments } from './assignments';
import { readSeeds } from './seeds';
import { seeHelp } from './usage';

/** Where `out` is null, results are where they are always. */
interface Placed {
  readonly out: string | null;
}

export interface RunOptions extends Placed {
  readonly kind: 'run';
  /** What was said of the experiment, under the names of a SweepRequest. */
  readonly fields: Fields;
  /** The path of a file that says the rest. */
  readonly config: string | null;
  readonly resume: boolean;
  /** null where it is not said. */
  readonly workers: number | null;
  /** The URL of the queue; null trains here. */
  readonly redis: string | null;
}

export interface CompareOptions extends Placed {
  readonly kind: 'compare';
  readonly parts: readonly string[];
  /** null where it is not said. */
  readonly metric: Metric | null;
}

export interface ExportOptions extends Placed {
  readonly kind: 'export';
  readonly parts: readonly string[];
  readonly to: string | null;
}

export interface WorkerOptions {
  readonly kind: 'worker';
  readonly redis: string;
  readonly workers: number | null;
}

export interface HelpOptions {
  readonly kind: 'help';
  /** Whose settings are explained; without any, the command line is. */
  readonly algorithms: readonly string[];
  /** Whose values stand beside the settings, where they are named. */
  readonly task: string | null;
  readonly preset: string | null;
}

export type Command =
  | RunOptions
  | CompareOptions
  | ExportOptions
  | WorkerOptions
  | HelpOptions
  | (Placed & { readonly kind: 'list' })
  | (Placed & { readonly kind: 'show'; readonly part: string });

const flags = ['resume', 'tensorboard'] as const;

/** Whose order is that of the help. */
const optionsOf = {
  run: [
    'task',
    'preset',
    'seed',
    'set',
    'config',
    'resume',
    'workers',
    'redis',
    'checkpoint-every',
    'keep',
    'completions-every',
    'tensorboard',
    'out',
  ],
  list: ['out'],
  show: ['out'],
  compare: ['metric', 'out'],
  export: ['to', 'out'],
  worker: ['redis', 'workers'],
} as const;

type CommandName = keyof typeof optionsOf;
type Option = (typeof optionsOf)[CommandName][number];

/** Each option's values as they were written; a flag has the text "true". */
type Given = Readonly<Partial<Record<Option, readonly string[]>>>;

const allOptions: readonly Option[] = [...new Set(Object.values(optionsOf).flat())];

/** @throws InputError that says in a sentence what is wrong with the command line */
export function readOptions(args: readonly string[]): Command {
  const { given, positionals, help } = parse(args);
  const [first = ''] = positionals;
  const isCommand = first !== 'run' && Object.hasOwn(optionsOf, first);
  const name = isCommand ? (first as CommandName) : 'run';
  const parts = isCommand ? positionals.slice(1) : positionals;
  if (help) {
    const algorithms = isCommand ? [] : positionals;
    return { kind: 'help', algorithms, task: text(given, 'task'), preset: text(given, 'preset') };
  }
  const strange = allOptions.find(
    (option) => given[option] && !optionsOf[name].some((own) => own === option),
  );
  if (strange) {
    throw new InputError(`--${strange} is no option of ${isCommand ? name : 'a training'}; ${seeHelp}.`);
  }
  return commands[name](given, parts);
}

const commands: { readonly [Name in CommandName]: (given: Given, parts: readonly string[]) => Command } = {
  run: (given, algorithms) => ({
    kind: 'run',
    fields: requestFields(given, algorithms),
    config: text(given, 'config'),
    resume: given.resume !== undefined,
    workers: count(given, 'workers', 1),
    redis: text(given, 'redis'),
    out: text(given, 'out'),
  }),
  list: (given, parts) => {
    if (parts.length > 0) throw new InputError(`list has "${parts[0]}" behind it; expected nothing.`);
    return { kind: 'list', out: text(given, 'out') };
  },
  show: (given, [part, ...others]) => {
    if (part === undefined || others.length > 0) {
      throw new InputError(
        `show has ${part === undefined ? 'no run' : 'several runs'} behind it; expected one.`,
      );
    }
    return { kind: 'show', part, out: text(given, 'out') };
  },
  compare: (given, parts) => {
    if (parts.length < 2) {
      throw new InputError(
        `compare has ${parts.length === 0 ? 'nothing' : `"${parts[0]}" alone`} behind it; expected two settings or more.`,
      );
    }
    return { kind: 'compare', parts, metric: metric(given), out: text(given, 'out') };
  },
  export: (given, parts) => ({ kind: 'export', parts, to: text(given, 'to'), out: text(given, 'out') }),
  worker: (given, parts) => {
    const redis = text(given, 'redis');
    if (parts.length > 0 || redis === null) {
      const fault = redis === null ? 'no --redis' : `"${parts[0]}" behind it`;
      throw new InputError(
        `worker has ${fault}; expected worker --redis URL, such as redis://127.0.0.1:6379.`,
      );
    }
    return { kind: 'worker', redis, workers: count(given, 'workers', 1) };
  },
};

function requestFields(given: Given, algorithms: readonly string[]): Fields {
  const seeds = text(given, 'seed');
  const all: Record<string, unknown> = {
    task: text(given, 'task'),
    algorithm: algorithms.length > 0 ? algorithms : null,
    preset: text(given, 'preset'),
    seeds: seeds === null ? null : readSeeds(seeds),
    set: given.set ? readAssignments(given.set) : null,
    checkpointEvery: count(given, 'checkpoint-every', 1),
    keepCheckpoints: count(given, 'keep', 1),
    completionsEvery: count(given, 'completions-every', 0),
    tensorboard: given.tensorboard ? true : null,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}

function text(given: Given, option: Option): string | null {
  const [value, ...others] = given[option] ?? [];
  if (others.length > 0) throw new InputError(`--${option} stands twice; expected it once.`);
  if (value === '') throw new InputError(`--${option} is empty; ${seeHelp}.`);
  return value ?? null;
}

function count(given: Given, option: Option, least: number): number | null {
  const value = text(given, option);
  if (value === null) return null;
  if (/^\d+$/.test(value) && Number.isSafeInteger(Number(value)) && Number(value) >= least)
    return Number(value);
  throw new InputError(`--${option} is "${value}"; expected a whole number from ${least}.`);
}

function metric(given: Given): Metric | null {
  const name = text(given, 'metric');
  const known = metrics.find((one) => one === name);
  if (name === null || known) return known ?? null;
  throw new InputError(`--metric is "${name}"; expected one of ${metrics.join(', ')}.`);
}

function parse(args: readonly string[]) {
  const strings = allOptions.map((name) => {
    const type = flags.some((flag) => flag === name) ? ('boolean' as const) : ('string' as const);
    return [name, { type, multiple: true }] as const;
  });
  const options = { ...Object.fromEntries(strings), help: { type: 'boolean', short: 'h' } } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const { help, ...rest } = values as Readonly<Record<string, readonly (string | boolean)[] | boolean>>;
    const given = Object.entries(rest).map(([name, all]) => [name, (all as readonly unknown[]).map(String)]);
    return { given: Object.fromEntries(given) as Given, positionals, help: help === true };
  } catch (error) {
    const [sentence] = (error as Error).message.split(/\.?(?: To specify|\n)/);
    throw new InputError(`${sentence!.replace(/\.$/, '')}; ${seeHelp}.`);
  }
}
