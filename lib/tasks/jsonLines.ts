/** Records from JSON lines, one object a line; what is wrong with a line is said by its number and field. */
import { type Fields, isFields, shown } from '../errors/fields';
import { InputError } from '../errors/inputError';

/** How many bad lines an error tells of. */
const shownProblems = 5;

/**
 * The records of a text.
 * @param name what an error calls the text, such as its file
 * @param noun what it calls a record, such as "ranking"
 * @param parseFields throws where the fields are none
 * @throws InputError one for all bad lines, each by its number and what is wrong with it; or where there are no lines
 */
export function parseJsonLines<Item>(
  text: string,
  name: string,
  noun: string,
  parseFields: (fields: Fields) => Item,
): Item[] {
  const items: Item[] = [];
  const problems: string[] = [];
  text.split(/\r?\n/u).forEach((line, index) => {
    if (line.trim() === '') return;
    try {
      items.push(parseFields(parseObject(line)));
    } catch (error) {
      problems.push(`line ${index + 1}: ${(error as Error).message}`);
    }
  });
  if (problems.length > 0) {
    const more = problems.length > shownProblems ? `\n  and ${problems.length - shownProblems} more` : '';
    const lines = items.length + problems.length;
    throw new InputError(
      `${name}: ${problems.length} of ${lines} lines ${problems.length === 1 ? `is not a ${noun}` : `are not ${noun}s`}:\n  ${problems.slice(0, shownProblems).join('\n  ')}${more}`,
    );
  }
  if (items.length === 0) throw new InputError(`${name} holds no ${noun}s.`);
  return items;
}

function parseObject(line: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new Error(`it is not JSON (${(error as Error).message})`);
  }
  if (!isFields(value)) throw new Error(`expected an object, found ${shown(value)}`);
  return value;
}

export const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

/** @throws where the field is missing, no text or empty */
export function textField(fields: Fields, name: string): string {
  const value = fields[name];
  if (value === undefined) throw new Error(`"${name}" is missing`);
  if (!isText(value)) throw new Error(`"${name}" is ${shown(value)}; expected a text that is not empty`);
  return value;
}
