/** What runs in a training process: it is forked, takes requests one at a time, and ends with its parent. */
import { InputError } from '../../errors/inputError';
import { algorithmNamed } from '../definitions/algorithms';
import { taskNamed } from '../definitions/tasks';
import { trainRun } from '../run/trainRun';
import type { TrainingAnswer, TrainingRequest } from './trainingProcess';

const say = (answer: TrainingAnswer) => process.send?.(answer);

async function train({ spec, runs }: TrainingRequest): Promise<void> {
  try {
    const definitions = { task: taskNamed(spec.task), algorithm: algorithmNamed(spec.algorithm) };
    for await (const event of trainRun(spec, definitions, runs)) say(event);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    say({ kind: 'refused', reason: error.message });
  }
}

process.on('message', (request) => {
  train(request as TrainingRequest).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
// Ctrl-C in a terminal reaches the whole group: the parent decides what becomes of its processes
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
