/** The lab's tasks as experiments name them. */
import { InputError } from '../../errors/inputError';
import { nearestName } from '../../errors/nearestName';
import { mazeSettings } from '../mazeSettings';
import { additionExperiment } from './additionExperiment';
import { mazeExperiment } from './mazeExperiment';
import type { Configs, TaskDefinition } from './taskDefinition';

const { reinforce, grpo, ppo, trpo } = mazeSettings;

/** Twice the starts of a rollout, and steps enough for longer ways. */
const large = { queries: 16, evaluateEvery: 10 };
const largeMazes: Configs = {
  reinforce: { ...reinforce, ...large, steps: 300 },
  grpo: { ...grpo, ...large, steps: 300, learningRate: 0.02 },
  ppo: { ...ppo, ...large, steps: 100, minibatches: 4 },
  trpo: { ...trpo, ...large, steps: 100, valueSteps: 20 },
};
/** The way that is found first is often the longer. */
const twoWays: Configs = {
  reinforce: { ...reinforce, steps: 120 },
  grpo: { ...grpo, steps: 100 },
  ppo: { ...ppo, steps: 60 },
  trpo: { ...trpo, steps: 60 },
};
const inLargeMazes = { maxSteps: 64, settings: largeMazes };

/** Of the lab, whose files are the same for everyone: nothing has to set them apart. */
const ofLab = (task: TaskDefinition): TaskDefinition => ({ ...task, source: '' });

const tasks: readonly TaskDefinition[] = [
  mazeExperiment({
    name: 'room',
    description: 'The way out of an open room, where many ways are equally short.',
    file: 'data/mazes/room.txt',
  }),
  mazeExperiment({
    name: 'two-ways',
    description: 'A maze with two ways out, one of them longer from most places.',
    file: 'data/mazes/two-ways.txt',
    settings: twoWays,
  }),
  mazeExperiment({
    name: 'corridor',
    description: 'A corridor with two corners.',
    file: 'data/mazes/corridor.txt',
  }),
  mazeExperiment({
    name: 'halls',
    description: 'Four halls and the doors between them.',
    file: 'data/mazes/halls.txt',
    ...inLargeMazes,
  }),
  mazeExperiment({
    name: 'spiral',
    description: 'A long way out, on which turning back never helps.',
    file: 'data/mazes/spiral.txt',
    ...inLargeMazes,
  }),
  additionExperiment({
    name: 'additions',
    description: 'Sums up to 5+5, of which the assistant has half right; the right sum earns 1.',
  }),
  additionExperiment({
    name: 'additions-judge',
    description: 'The same sums, where a learned judge says what an answer earns.',
    reward: 'judge',
  }),
].map(ofLab);

export const taskNames: readonly string[] = tasks.map(({ name }) => name);

/** @throws InputError where the lab has none of this name */
export function taskNamed(name: string): TaskDefinition {
  const found = tasks.find((task) => task.name === name);
  if (found) return found;
  throw new InputError(
    `there is no task "${name}"; did you mean "${nearestName(name, taskNames)}"? There are ${taskNames.join(', ')}.`,
  );
}
