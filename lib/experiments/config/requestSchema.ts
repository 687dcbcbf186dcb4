/** The shape of a request; what its names stand for, and what it sets, is read where runs are planned. */
import { z } from 'zod';
import { isFields } from '../../errors/fields';
import { InputError } from '../../errors/inputError';
import { nearestName } from '../../errors/nearestName';
import type { AlgorithmDefinition } from '../definitions/algorithmDefinition';
import type { TaskDefinition } from '../definitions/taskDefinition';
import { configProblem } from './configProblem';
import { count, wholeFrom0 } from './fields';
import type { SweepRequest } from './sweepRequest';

const text = (expected: string) => z.string({ error: expected });

const task = z.union(
  [z.string(), z.custom<TaskDefinition>((value) => isFields(value) && typeof value.open === 'function')],
  { error: "a task's name, or in a cell its definition" },
);
const algorithms = "an algorithm's name, or a list of one or several";
const algorithm = z.union(
  [
    z.string(),
    z.custom<AlgorithmDefinition>((value) => isFields(value) && typeof value.train === 'function'),
  ],
  { error: algorithms },
);
const seeds = 'a list of whole numbers from 0, at least one';

const requestSchema = z.strictObject({
  task,
  algorithm: z.union([algorithm, z.array(algorithm, { error: algorithms }).min(1, algorithms)], {
    error: algorithms,
  }),
  preset: text("a preset's name").exactOptional(),
  seeds: z.array(z.number({ error: seeds }).int(seeds).min(0, seeds), { error: seeds }).min(1, seeds),
  set: z
    .custom<NonNullable<SweepRequest['set']>>(isFields, { error: 'an object of settings by name' })
    .exactOptional(),
  checkpointEvery: count().exactOptional(),
  keepCheckpoints: count().exactOptional(),
  completionsEvery: wholeFrom0().exactOptional(),
  tensorboard: z.boolean({ error: 'true or false' }).exactOptional(),
});

/**
 * @param fields what a cell or a file holds
 * @param where  put before the sentence, such as "sweep.json: "
 * @throws InputError for an unknown or missing field, or one of another type
 */
export function readRequest(fields: unknown, where = ''): SweepRequest {
  const read = requestSchema.safeParse(withoutUndefined(fields));
  if (read.success) {
    const { seeds } = read.data;
    const twice = seeds.find((seed, i) => seeds.indexOf(seed) !== i);
    if (twice === undefined) return read.data as SweepRequest;
    throw new InputError(`${where}the seed ${twice} stands twice; expected each once.`);
  }
  const [issue] = read.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const nearest = nearestName(key, Object.keys(requestSchema.shape));
    throw new InputError(`${where}${key} is no field of a sweep; did you mean "${nearest}"?`);
  }
  const names = { of: 'a sweep', names: [] };
  throw new InputError(`${where}${configProblem(read.error, fields, names)}`);
}

/**
 * A request from parsed JSON.
 * @param where its file
 * @throws InputError that names the file, for an unknown or missing field, or one of another type
 */
export const readSweepRequest = (fields: unknown, where: string): SweepRequest =>
  readRequest(fields, `${where}: `);

/** What a cell leaves undefined, it does not say. */
function withoutUndefined(fields: unknown): unknown {
  if (!isFields(fields)) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
