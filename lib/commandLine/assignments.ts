/** `--set name=value`: the values of settings as a command line writes them. */
import { InputError } from '../errors/inputError';

/**
 * @param texts each "name=value"
 * @throws InputError for one that is not, and for a name that stands twice
 */
export function readAssignments(texts: readonly string[]): Record<string, unknown> {
  const values = new Map<string, unknown>();
  for (const text of texts) {
    const [, name, value] = /^\s*([^=\s]+)\s*=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined || value.trim() === '') {
      throw new InputError(`--set is "${text}"; expected name=value, such as clipRange=0.1,0.2.`);
    }
    if (values.has(name)) {
      throw new InputError(`--set names ${name} twice; expected it once, with commas between its values.`);
    }
    values.set(name, settingValue(value, text));
  }
  return Object.fromEntries(values);
}

/** JSON where it is JSON; otherwise a list with commas between, of which each item is JSON or text. */
function settingValue(value: string, text: string): unknown {
  const whole = parsed(value) ?? parsed(`[${value}]`);
  if (whole) return whole.value;
  const items = value.split(',').map((item) => item.trim());
  if (items.includes('')) {
    throw new InputError(`--set is "${text}"; expected a value between any two commas.`);
  }
  const values = items.map((item) => (parsed(item) ?? { value: item }).value);
  return values.length === 1 ? values[0] : values;
}

/** null where it is no JSON: the value itself may be null. */
function parsed(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}
