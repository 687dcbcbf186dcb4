/** Finding out of a maze, as a task of experiments. */
import { mazeTask } from '../../algorithms/rollouts/mazeTask';
import { type MlpPolicy, mlpPolicy, type NumberedStates } from '../../models/mlp';
import { copyParameters, disposeParameters } from '../../models/parameters';
import { type Maze, type MazeRewards, readMaze, usualRewards } from '../../tasks/maze';
import { mazeModels, mazeSettings, maxSteps as usualMaxSteps } from '../mazeSettings';
import { sizeOf } from './sizeOf';
import type { Configs, TaskDefinition } from './taskDefinition';

export type MazeExperimentOptions = {
  readonly name: string;
  readonly description?: string;
  readonly rewards?: MazeRewards;
  /** Actions after which a robot that is not out counts as stuck; those of `mazeSettings` unless said. */
  readonly maxSteps?: number;
  /**
   * What a KL is measured from: nothing, unless said, or the policy that the run itself starts from, which knows
   * nothing yet.
   */
  readonly reference?: 'none' | 'start';
  /** What the preset "lab" says; `mazeSettings` unless said. */
  readonly settings?: Configs;
} & (
  | { readonly maze: Maze }
  | {
      /** The drawing, read whenever a run begins; its path, not what it draws, is part of the runs' ids. */
      readonly file: string;
    }
);

/** A query is a start, and may be drawn again and again. */
export function mazeExperiment(options: MazeExperimentOptions): TaskDefinition<NumberedStates> {
  const { name, rewards = usualRewards, maxSteps = usualMaxSteps, settings = mazeSettings } = options;
  const hasReference = options.reference === 'start';
  const drawn = 'maze' in options ? options.maze.lines : options.file;
  return {
    name,
    description: options.description ?? `The way out of the maze "${name}".`,
    settings,
    size: sizeOf(settings, hasReference),
    queries: null,
    hasReference,
    source: JSON.stringify({ drawn, rewards, maxSteps, reference: hasReference ? 'start' : 'none' }),
    open: async (random) => {
      const maze = 'maze' in options ? options.maze : await readMaze(options.file);
      const models = mazeModels(maze, random);
      const task = mazeTask({ maze, rewards, maxSteps });
      if (!hasReference) return { ...models, task, heldOut: null };
      const reference = copyOf(models.policy);
      const dispose = () => disposeParameters(reference.parameters);
      return { ...models, task, heldOut: null, reference, dispose };
    },
  };
}

const copyOf = ({ config, parameters }: MlpPolicy): MlpPolicy =>
  mlpPolicy(config, copyParameters(parameters));
