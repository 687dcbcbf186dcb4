/** The config of a run, as its spec has it, for the loop that trains. */
import type { z } from 'zod';
import type { Fields } from '../../errors/fields';
import { InputError } from '../../errors/inputError';
import { type ConfigProblemOptions, configProblem } from './configProblem';
import { withInfinity } from './infinity';

/**
 * @param config ∞ may be the text that it is in JSON
 * @throws InputError for its first problem
 */
export function readConfig(schema: z.ZodType, config: Fields, options: ConfigProblemOptions): Fields {
  const value = withInfinity(config);
  const read = schema.safeParse(value);
  if (read.success) return read.data as Fields;
  throw new InputError(configProblem(read.error, value, options));
}
