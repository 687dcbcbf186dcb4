import { beforeAll, describe, expect, it } from 'vitest';
import { grpo } from '../../../lib/algorithms/grpo';
import { ppo } from '../../../lib/algorithms/ppo';
import { mazeTask } from '../../../lib/algorithms/rollouts/mazeTask';
import { trpo } from '../../../lib/algorithms/trpo';
import { newMemory } from '../../../lib/algorithms/updates/memory';
import { ready, tf } from '../../../lib/engine/tensorflow';
import { planSweep } from '../../../lib/experiments/config/planSweep';
import type { SweepRequest } from '../../../lib/experiments/config/sweepRequest';
import type { TrainingRow } from '../../../lib/experiments/definitions/algorithmDefinition';
import { algorithmNames } from '../../../lib/experiments/definitions/algorithms';
import { customGrpo } from '../../../lib/experiments/definitions/customGrpo';
import { mazeExperiment } from '../../../lib/experiments/definitions/mazeExperiment';
import { type MazeModels, mazeModels } from '../../../lib/experiments/mazeSettings';
import type { SurrogateTerms } from '../../../lib/losses/groupRelative';
import { type Random, seededRandom } from '../../../lib/math/random';
import { disposeParameters } from '../../../lib/models/parameters';
import { parseMaze } from '../../../lib/tasks/maze';

beforeAll(() => ready);

const maze = parseMaze('#####\n#..E#\n#####', 'a short corridor');
const task = mazeExperiment({ name: 'short', maze, maxSteps: 8 });
const size = { steps: 2, queries: 2, groupSize: 2, evaluateEvery: 2 };

/** As whoever runs a spec does it. */
async function rowsOf(request: Partial<SweepRequest>): Promise<TrainingRow[]> {
  const plan = planSweep({ task, algorithm: 'grpo', seeds: [1], set: size, ...request });
  const [spec] = JSON.parse(JSON.stringify(plan.specs)) as typeof plan.specs;
  const random = seededRandom(spec!.seed);
  const open = await plan.tasks.get(spec!.task)!.open(random);
  const { train, peerRow } = plan.algorithms.get(spec!.algorithm)!;
  const attachments = { memory: newMemory(), inspection: { every: 1, tokens: [] } };
  const rows = [];
  for await (const row of train(open, spec!.config, random.split('train'), attachments)) rows.push(row);
  for (const { parameters } of [open.policy, open.critic]) disposeParameters(parameters);
  expect(attachments.memory.step).toBe(2);
  const columns = rows.map((row) => Object.keys(peerRow(row, spec!.config)));
  expect(columns[1]).toEqual(columns[0]);
  expect(columns[0]!.length).toBeGreaterThan(3);
  return rows;
}

describe.each(algorithmNames)('%s', (algorithm) => {
  it('tells numbers of each step, the same columns each time, and leaves no tensor', async () => {
    const before = tf.memory().numTensors;
    const rows = await rowsOf({ algorithm });
    expect(tf.memory().numTensors).toBe(before);
    expect(rows.map(({ step, accuracy }) => [step, accuracy === null])).toEqual([
      [1, true],
      [2, false],
    ]);
    for (const value of Object.values(rows[1]!))
      expect(value === null || typeof value === 'number').toBe(true);
    expect(Object.keys(rows[1]!)).toEqual(Object.keys(rows[0]!));
  });
});

describe('a run takes the steps of its loop', () => {
  const walks = mazeTask({ maze, maxSteps: 8 });
  const { settings } = task;
  const loops = {
    trpo: (models: MazeModels, random: Random) => trpo(walks, models, { ...settings.trpo, ...size }, random),
    ppo: (models: MazeModels, random: Random) => ppo(walks, models, { ...settings.ppo, ...size }, random),
    grpo: ({ policy }: MazeModels, random: Random) =>
      grpo(walks, policy, null, { ...settings.grpo, ...size }, random),
  };

  it.each(['trpo', 'ppo', 'grpo'] as const)('%s', async (algorithm) => {
    const random = seededRandom(1);
    const models = mazeModels(maze, random);
    const told = [];
    for await (const { step, reward, accuracy, entropy } of loops[algorithm](models, random.split('train')))
      told.push({ step, reward, accuracy, entropy });
    for (const { parameters } of [models.policy, models.critic]) disposeParameters(parameters);
    const own = await rowsOf({ algorithm });
    expect(own.map(({ step, reward, accuracy, entropy }) => ({ step, reward, accuracy, entropy }))).toEqual(
      told,
    );
  });
});

describe('customGrpo', () => {
  const clippedByHand = ({ ratio, advantages }: SurrogateTerms) =>
    tf.minimum(ratio.mul(advantages), ratio.clipByValue(0.8, 1.2).mul(advantages)).neg();

  it('with the clipped surrogate written out is GRPO', async () => {
    const [own, grpo] = [await rowsOf({ algorithm: customGrpo('own', clippedByHand) }), await rowsOf({})];
    expect(own.map((row) => Object.keys(row))).toEqual(grpo.map((row) => Object.keys(row)));
    grpo.forEach((row, i) => {
      // float32, whose sums may be taken in another order: four updates of rewards about 1
      for (const [name, value] of Object.entries(row)) {
        if (typeof value === 'number') expect(own[i]![name], name).toBeCloseTo(value, 5);
        else expect(own[i]![name], name).toBe(value);
      }
    });
  });

  it('with another learns otherwise, and may have any preset of GRPO', async () => {
    const still = customGrpo('still', ({ ratio, advantages }) => ratio.mul(advantages).mul(0));
    const rows = await rowsOf({ algorithm: still, preset: 'drGrpo', set: { ...size, minibatches: 1 } });
    expect(rows.map(({ grad_norm }) => grad_norm)).toEqual([0, 0]);
  });

  it('refuses a surrogate that gives no loss of each token', async () => {
    const mean = customGrpo('mean', ({ ratio }) => ratio.mean());
    await expect(rowsOf({ algorithm: mean })).rejects.toThrow(
      'the surrogate gave a tensor of shape []; expected a tensor of shape [4, 8], the loss of each token.',
    );
  });
});
