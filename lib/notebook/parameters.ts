/**
 * The parameters of a notebook: the defaults stand in its first cell, and the headless runner may replace them
 * (`--quick`, `--seed`, `--set name=value`) through LAB_PARAMETERS.
 */
import { engine, ready } from '../engine/tensorflow';
import { InputError } from '../errors/inputError';
import { nearestName } from '../errors/nearestName';
import { display } from './display';

export type Parameter = number | string | boolean | readonly number[] | readonly string[];

/** The type of a default without its value: 0.9 → number. */
type Widened<Value> = Value extends number
  ? number
  : Value extends string
    ? string
    : Value extends boolean
      ? boolean
      : Value extends readonly number[]
        ? readonly number[]
        : readonly string[];

type Config<Defaults> = { readonly [Key in keyof Defaults]: Widened<Defaults[Key]> };

/** The parameters in force; `quick` tells whether the notebook runs at the size of a test. */
export type NotebookConfig<Defaults> = Config<Defaults> & { readonly quick: boolean };

interface Request {
  readonly quick?: boolean;
  readonly seed?: number;
  readonly overrides?: Readonly<Record<string, unknown>>;
}

function requested(): Request {
  const text = process.env.LAB_PARAMETERS;
  if (!text) return {};
  try {
    return JSON.parse(text) as Request;
  } catch {
    throw new InputError(`LAB_PARAMETERS is not JSON: ${text}`);
  }
}

function typeName(value: Parameter): string {
  if (Array.isArray(value))
    return `${typeof value[0] === 'string' ? 'texts' : 'numbers'} separated by commas`;
  return { number: 'a number', string: 'text', boolean: 'true or false' }[
    typeof value as 'number' | 'string' | 'boolean'
  ];
}

/** A value in the type of its default; text, as a command line gives it, is parsed. undefined: it does not fit. */
function parsed(value: unknown, like: Parameter): Parameter | undefined {
  if (Array.isArray(like)) {
    const items: unknown[] = Array.isArray(value) ? value : String(value).split(',');
    const values = items.map((item) => parsed(item, (like[0] as number | string | undefined) ?? 0));
    return values.includes(undefined) ? undefined : (values as number[] | string[]);
  }
  if (typeof value === typeof like) return value as Parameter;
  if (typeof like === 'string') return String(value);
  if (typeof value !== 'string') return undefined;
  if (typeof like === 'boolean') return value === 'true' ? true : value === 'false' ? false : undefined;
  const number = Number(value);
  return value.trim() === '' || Number.isNaN(number) ? undefined : number;
}

function override(name: string, value: unknown, defaults: Readonly<Record<string, Parameter>>): Parameter {
  const like = defaults[name];
  if (like === undefined || !Object.hasOwn(defaults, name)) {
    const nearest = nearestName(name, Object.keys(defaults));
    throw new InputError(
      `There is no parameter "${name}"; did you mean "${nearest}"? There are ${Object.keys(defaults).join(', ')}.`,
    );
  }
  const result = parsed(value, like);
  if (result === undefined) {
    throw new InputError(`Parameter "${name}" is ${JSON.stringify(value)}; expected ${typeName(like)}.`);
  }
  return result;
}

/**
 * The parameters of this run: the defaults, then those of a quick run, then what the command line says. Waits
 * for the engine, and shows one line: the engine, the seed, and whatever differs from the defaults.
 * @param name     the notebook's name
 * @param defaults one flat object; the seed is among them
 * @param quick    what `--quick` replaces
 * @throws when an override has an unknown name or a value of another type
 */
export async function notebookParameters<
  Defaults extends { readonly seed: number } & Readonly<Record<string, Parameter>>,
>(
  name: string,
  defaults: Defaults,
  { quick = {} }: { readonly quick?: Partial<Config<Defaults>> } = {},
): Promise<NotebookConfig<Defaults>> {
  const request = requested();
  const config: Record<string, Parameter> = {
    ...defaults,
    ...(request.quick && (quick as Partial<Record<string, Parameter>>)),
  } as Record<string, Parameter>;
  const overrides = { ...(request.seed !== undefined && { seed: request.seed }), ...request.overrides };
  for (const [key, value] of Object.entries(overrides)) config[key] = override(key, value, defaults);

  await ready;
  const changed = Object.keys(config)
    .filter((key) => key !== 'seed' && JSON.stringify(config[key]) !== JSON.stringify(defaults[key]))
    .map((key) => `${key} ${JSON.stringify(config[key])} (default ${JSON.stringify(defaults[key])})`);
  const engineText = `${engine.version} (${engine.name})`;
  const parts = [
    name,
    engineText,
    `seed ${config.seed}`,
    ...(request.quick ? ['quick run'] : []),
    ...changed,
  ];
  display({ data: { 'text/plain': parts.join(' · ') }, metadata: { lab: { engine: engineText } } });
  return Object.freeze({ ...config, quick: request.quick === true }) as unknown as NotebookConfig<Defaults>;
}
