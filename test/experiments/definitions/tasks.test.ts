import { beforeAll, describe, expect, it } from 'vitest';
import { ready, tf } from '../../../lib/engine/tensorflow';
import { additionTask } from '../../../lib/experiments/additionTask';
import { assistantModels, readAssistant } from '../../../lib/experiments/assistant';
import {
  additionExperiment,
  assistantQuestions,
} from '../../../lib/experiments/definitions/additionExperiment';
import { mazeExperiment } from '../../../lib/experiments/definitions/mazeExperiment';
import type { OpenTask, TaskDefinition } from '../../../lib/experiments/definitions/taskDefinition';
import { taskNamed, taskNames } from '../../../lib/experiments/definitions/tasks';
import { mazeModels } from '../../../lib/experiments/mazeSettings';
import { seededRandom } from '../../../lib/math/random';
import { disposeParameters } from '../../../lib/models/parameters';
import type { Critic, Policy } from '../../../lib/models/policy';
import { parseMaze, readMaze } from '../../../lib/tasks/maze';
import type { Reward } from '../../../lib/tasks/reward';

beforeAll(() => ready);

const numbers = ({ parameters }: Policy | Critic) => [...parameters.vector.dataSync()];
const maze = parseMaze('#####\n#..E#\n#####', 'a short corridor');

function dispose({ policy, critic }: Pick<OpenTask, 'policy' | 'critic'>): void {
  for (const { parameters } of [policy, critic]) disposeParameters(parameters);
}

describe('each task of the lab', () => {
  it.each(taskNames)('%s opens as it says', async (name) => {
    const definition = taskNamed(name);
    expect(definition.source).toBe('');
    expect(definition.description).toMatch(/^[A-Z].{10,100}\.$/u);
    const open = await definition.open(seededRandom(1));
    expect(open.reference !== null).toBe(definition.hasReference);
    expect((await open.task.evaluate(open.policy)).accuracy).toBeLessThan(0.9);
    dispose(open);
  });
});

describe('models are drawn as a contest draws them', () => {
  it('in a maze', async () => {
    const open = await taskNamed('room').open(seededRandom(3));
    const models = mazeModels(await readMaze('data/mazes/room.txt'), seededRandom(3));
    expect(numbers(open.policy)).toEqual(numbers(models.policy));
    expect(numbers(open.critic)).toEqual(numbers(models.critic));
    expect(open.heldOut).toBeNull();
    for (const each of [open, models]) dispose(each);
  });

  it('for the assistant, whose reference the runs share', async () => {
    const [first, second] = [3, 4].map((seed) => taskNamed('additions').open(seededRandom(seed)));
    const [open, next] = [await first!, await second!];
    const assistant = await readAssistant();
    const models = assistantModels(assistant, seededRandom(3));
    expect(numbers(open.policy)).toEqual(numbers(models.policy));
    expect(numbers(open.critic)).toEqual(numbers(models.critic));
    expect(open.reference).toBe(next.reference);
    expect(numbers(open.reference!)).toEqual(numbers(assistant.policy));
    const own = additionTask(assistant, { queries: assistant.heldOut });
    expect(await open.heldOut!.evaluate(open.policy)).toEqual(await own.evaluate(models.policy));
    for (const each of [open, next, models]) dispose(each);
  });
});

describe('mazeExperiment', () => {
  it('measures from the start where that is asked for, a copy that training leaves alone', async () => {
    const { open, hasReference } = mazeExperiment({ name: 'short', maze, reference: 'start' });
    expect(hasReference).toBe(true);
    const models = await open(seededRandom(1));
    const before = numbers(models.policy);
    expect(numbers(models.reference!)).toEqual(before);
    tf.tidy(() => models.policy.parameters.vector.assign(models.policy.parameters.vector.add(1)));
    expect(numbers(models.reference!)).toEqual(before);
    dispose(models);
  });

  it('has its rewards and its longest walk', async () => {
    const rewards = { exit: 5, wall: 0, stuck: 0, step: 0 };
    const definition = mazeExperiment({ name: 'short', maze, rewards, maxSteps: 1 });
    const open = await definition.open(seededRandom(1));
    expect(await open.task.evaluate(open.policy)).toMatchObject({ length: 1 });
    dispose(open);
  });

  it('is another where anything of it is', () => {
    const options = [
      { maze },
      { maze: parseMaze('####\n#.E#\n####', 'shorter') },
      { file: 'data/mazes/room.txt' },
      { file: 'data/mazes/halls.txt' },
      { maze, maxSteps: 5 },
      { maze, reference: 'start' as const },
      { maze, rewards: { exit: 2, wall: 0, stuck: 0, step: 0 } },
    ];
    const sources = options.map((option) => mazeExperiment({ name: 'mine', ...option }).source);
    expect(new Set(sources).size).toBe(options.length);
    expect(mazeExperiment({ name: 'mine', maze, reference: 'none' }).source).toBe(sources[0]);
  });

  it('names a file that is not there when a run begins', async () => {
    const { open } = mazeExperiment({ name: 'none', file: 'data/mazes/none.txt' });
    await expect(open(seededRandom(1))).rejects.toThrow('data/mazes/none.txt cannot be read');
  });
});

describe('additionExperiment', () => {
  const scoreOf = async (definition: TaskDefinition) => {
    const open = await definition.open(seededRandom(1));
    const request = { queries: 2, groupSize: 2, temperature: 1 };
    const { trajectories, ...rollout } = await open.task.rollOut(open.policy, request, seededRandom(2));
    tf.dispose(rollout as unknown as tf.TensorContainer);
    dispose(open);
    return trajectories;
  };

  it('counts the questions of the committed assistant', async () => {
    expect(assistantQuestions).toBe((await readAssistant()).questions.length);
    expect(taskNamed('additions').queries).toBe(assistantQuestions);
  });

  it('earns what a function says, and asks what it is told to', async () => {
    const queries = ['What is 1+1?', 'What is 2+2?'];
    const definition = additionExperiment({ name: 'long', reward: ({ tokens }) => tokens / 10, queries });
    expect(definition.queries).toBe(2);
    const trajectories = await scoreOf(definition);
    expect(new Set(trajectories.map(({ query }) => query))).toEqual(new Set(queries));
    for (const { rewards, scores, actions } of trajectories) {
      // sums of a few multiples of float64
      expect(rewards.reduce((sum, reward) => sum + reward, 0)).toBeCloseTo(actions.length / 10, 12);
      expect(scores).toEqual({ own: actions.length / 10 });
    }
  });

  it('earns what the judge says', async () => {
    const [first] = await scoreOf(taskNamed('additions-judge'));
    expect(Object.keys(first!.scores)).toEqual(['model']);
    expect(taskNamed('additions-judge').settings.grpo.klCoefficient).toBeGreaterThan(0);
  });

  it('is another where its reward or its queries are', () => {
    const length = (weight: number) => {
      const reward: Reward = { name: 'length', score: (completions) => completions.map(() => 1) };
      return [{ reward, weight }];
    };
    const options = [
      {},
      { reward: 'judge' as const },
      { reward: length(1) },
      { reward: length(2) },
      { reward: ({ tokens }: { readonly tokens: number }) => tokens },
      { reward: ({ tokens }: { readonly tokens: number }) => -tokens },
      { queries: ['What is 1+1?'] },
    ];
    const sources = options.map((option) => additionExperiment({ name: 'mine', ...option }).source);
    expect(new Set(sources).size).toBe(options.length);
  });
});
