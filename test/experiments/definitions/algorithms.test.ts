import { beforeAll, describe, expect, it } from 'vitest';
import { mazeTask } from '../../../lib/algorithms/rollouts/mazeTask';
import { newMemory } from '../../../lib/algorithms/updates/memory';
import { ready, tf } from '../../../lib/engine/tensorflow';
import { planSweep } from '../../../lib/experiments/config/planSweep';
import type { SweepRequest } from '../../../lib/experiments/config/sweepRequest';
import type { TrainingRow } from '../../../lib/experiments/definitions/algorithmDefinition';
import { algorithmNames } from '../../../lib/experiments/definitions/algorithms';
import { customGrpo } from '../../../lib/experiments/definitions/customGrpo';
import { mazeExperiment } from '../../../lib/experiments/definitions/mazeExperiment';
import { headToHead } from '../../../lib/experiments/headToHead';
import { mazeModels } from '../../../lib/experiments/mazeSettings';
import type { SurrogateTerms } from '../../../lib/losses/groupRelative';
import { seededRandom } from '../../../lib/math/random';
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

it('a run takes the steps that a contest takes', async () => {
  const settings = {
    trpo: { ...task.settings.trpo, ...size },
    ppo: { ...task.settings.ppo, ...size },
    grpo: { ...task.settings.grpo, ...size },
  };
  const models = (random: ReturnType<typeof seededRandom>) => mazeModels(maze, random);
  const contest = { task: mazeTask({ maze, maxSteps: 8 }), heldOut: null, models, settings };
  const contested = [];
  for await (const row of headToHead(contest, [1])) contested.push(row);
  const own = [];
  for (const algorithm of ['trpo', 'ppo', 'grpo']) own.push(...(await rowsOf({ algorithm })));
  const told = ({ step, reward, accuracy, entropy }: TrainingRow) => [step, reward, accuracy, entropy];
  expect(own.map(told)).toEqual(contested.map((row) => told({ ...row, algorithm: null })));
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
