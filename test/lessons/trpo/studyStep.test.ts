import { expect, it } from 'vitest';
import { mazeTask } from '../../../lib/algorithms/rollouts/mazeTask';
import { trpo } from '../../../lib/algorithms/trpo';
import { compiling } from '../../../lib/engine/compile';
import { tf } from '../../../lib/engine/tensorflow';
import { mazeModels, mazeSettings } from '../../../lib/experiments/mazeSettings';
import { ppoPasses, totalPasses, trpoPasses } from '../../../lib/lessons/trpo/policyPasses';
import { studyStep } from '../../../lib/lessons/trpo/studyStep';
import { type TrpoSweepRow, trpoSweep } from '../../../lib/lessons/trpo/trpoSweep';
import { seededRandom } from '../../../lib/math/random';
import type { Policy, States } from '../../../lib/models/policy';
import { parseMaze } from '../../../lib/tasks/maze';

/** The same policy, whose forward passes of either kind are counted. */
function countedPolicy<S extends States>(policy: Policy<S>): { readonly policy: Policy<S>; calls(): number } {
  let calls = 0;
  const logits: Policy<S>['logits'] = (...args) => {
    calls += 1;
    return policy.logits(...args);
  };
  return { policy: { ...policy, logits }, calls: () => calls };
}

const maze = parseMaze('####\n#..E\n#.##\n####', 'bend');
const task = mazeTask({ maze, maxSteps: 8 });
const config = { ...mazeSettings.trpo, queries: 4, groupSize: 4, steps: 1, conjugateGradientSteps: 4 };

it('finds the step that training takes, and leaves policy and critic as they were', async () => {
  const models = mazeModels(maze, seededRandom(1));
  const before = Array.from(models.policy.parameters.vector.dataSync());
  const tensors = tf.memory().numTensors;
  const measure = async () => 7;
  const options = { lengths: [0, 1], measure };
  const { step, trace, along } = await studyStep(task, models, config, seededRandom(2).split(1), options);
  expect(tf.memory().numTensors).toBe(tensors);
  expect(Array.from(models.policy.parameters.vector.dataSync())).toEqual(before);
  expect(trace.residuals).toHaveLength(5);
  expect(trace.residuals.at(-1)).toBeCloseTo(step.cg_residual, 6);
  expect(trace.residuals[0]).toBeCloseTo(step.grad_norm, 6);
  expect(trace.trials.at(-1)).toMatchObject({ kl: step.kl_step, refused: '' });
  expect(along).toHaveLength(4);
  expect(along[0]).toMatchObject({ length: 0, kl: 0, measured: 7 });
  // the natural gradient's length 1 is the line search's first trial
  expect(along[1]!.kl).toBeCloseTo(trace.trials[0]!.kl, 6);

  for await (const row of trpo(task, models, config, seededRandom(2))) {
    // what the study ran as it is, a second use of the same models replays as a graph, which adds in another order
    expect(row.kl_step).toBeCloseTo(step.kl_step, 6);
    expect(row.surrogate_improvement).toBeCloseTo(step.surrogate_improvement, 6);
  }
});

it('counts the passes that a step of TRPO makes', async () => {
  const models = mazeModels(maze, seededRandom(1));
  const { policy, calls } = countedPolicy(models.policy);
  compiling.enabled = false;
  const [row] = await rowsOf(
    trpo(task, { ...models, policy }, { ...config, evaluateEvery: 2, steps: 1 }, seededRandom(2)),
  );
  compiling.enabled = true;
  const { forward, tangent } = totalPasses(trpoPasses(config, row!.backtracks + 1));
  // besides: one for the rollout's probabilities, one for the evaluation after the last step
  expect(calls()).toBe(forward + tangent + 2);
});

it('weighs a tangent and a backward pass like two forward ones', () => {
  expect(totalPasses(ppoPasses({ epochs: 2 }))).toEqual({ forward: 2, tangent: 0, backward: 2, work: 6 });
  expect(totalPasses(trpoPasses({ conjugateGradientSteps: 10 }, 1)).work).toBe(
    1 + 10 + 1 + 2 + 1 + 2 * 11 + 2 * 12,
  );
});

it('sweeps one setting, from the same start, and keeps no tensors', async () => {
  const before = tf.memory().numTensors;
  const rows: TrpoSweepRow<'valueSteps'>[] = await rowsOf(
    trpoSweep(task, (random) => mazeModels(maze, random), config, 'valueSteps', [0, 3], [5, 6]),
  );
  expect(rows.map(({ seed, value_steps }) => [seed, value_steps])).toEqual([
    [5, 0],
    [5, 3],
    [6, 0],
    [6, 3],
  ]);
  // a critic's training is first felt in the next step
  expect(rows[0]!.kl_step).toBe(rows[1]!.kl_step);
  expect(tf.memory().numTensors).toBe(before);
});

async function rowsOf<Row>(loop: AsyncIterable<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of loop) rows.push(row);
  return rows;
}
