/** What is wrong with a config, as one sentence. */
import type { z } from 'zod';
import { isFields, shown } from '../../errors/fields';
import { nearestName } from '../../errors/nearestName';

export interface ConfigProblemOptions {
  /** What the fields are settings of: "ppo". */
  readonly of: string;
  /** All names that there are, those of nested fields with a dot. */
  readonly names: readonly string[];
  /** What the author wrote for a field, where that is another name: clipLow → clipRange. */
  readonly written?: ReadonlyMap<string, string>;
}

/**
 * The first problem: an unknown field with the nearest name, a value that does not fit with what was expected, or the
 * sentence of a rule on several fields.
 * @param error of a schema whose fields say what they expect, and whose rules say a sentence
 * @param value what the schema refused
 */
export function configProblem(error: z.ZodError, value: unknown, options: ConfigProblemOptions): string {
  const [issue] = error.issues;
  if (!issue) throw new Error('a config without an issue has no problem.');
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return unknownSetting([...path, issue.keys[0]].join('.'), options);
  }
  if (path.length === 0) {
    return issue.code === 'custom'
      ? issue.message
      : `${options.of} is ${written(value)}; expected an object.`;
  }
  const name = path.join('.');
  const held = path.reduce<unknown>(
    (inner, part) => (isFields(inner) ? inner[part] : at(inner, part)),
    value,
  );
  const told = held === undefined ? 'missing' : written(held);
  return `${options.written?.get(name) ?? name} is ${told}; expected ${issue.message}.`;
}

/** "clipRnage is no setting of ppo; did you mean "clipRange"?" Names of the same object come before all others. */
export function unknownSetting(name: string, { of, names }: ConfigProblemOptions): string {
  const object = name.slice(0, name.lastIndexOf('.') + 1);
  const siblings = object ? names.filter((other) => other.startsWith(object)) : [];
  const nearest = nearestName(name, siblings.length > 0 ? siblings : names);
  return `${name} is no setting of ${of}; did you mean "${nearest}"?`;
}

/** A value as a sentence shows it; ∞ and what is no number are none in JSON. */
export const written = (value: unknown): string => (typeof value === 'number' ? String(value) : shown(value));

const at = (list: unknown, place: string): unknown => (Array.isArray(list) ? list[Number(place)] : undefined);
