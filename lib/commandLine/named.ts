/** Runs and settings by a part of their names. */

import { InputError } from '../errors/inputError';
import { nearestName } from '../errors/nearestName';
import { someOf } from './words';

/**
 * The one name that has the part, or is it.
 * @param what the names are of: "run", "setting"
 * @throws InputError where none has it, or several
 */
export function nameWith(part: string, names: readonly string[], what: string): string {
  if (names.includes(part)) return part;
  const found = names.filter((name) => name.includes(part));
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    throw new InputError(
      `"${part}" fits ${found.length} ${what}s; expected a part of one: ${someOf(found)}.`,
    );
  }
  const nearest = nearestName(part, names);
  throw new InputError(
    `there is no ${what} "${part}"; ${nearest ? `did you mean "${nearest}"?` : `there are no ${what}s at all.`}`,
  );
}
