import { describe, expect, it } from 'vitest';
import { cloneWalks } from '../../lib/algorithms/cloneWalks';
import { mazeProbabilities, mazeTask } from '../../lib/algorithms/rollouts/mazeTask';
import { engine } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { createMlpPolicy, type MlpPolicy } from '../../lib/models/mlp';
import { moves, parseMaze, usualRewards, type Walk, walk } from '../../lib/tasks/maze';
import { mazeOptimum } from '../../lib/tasks/mazeOptimum';
import { expectClose } from '../close';
import { entropyOf, rowsOf, tensorCounts, valuesOf } from './tinyLanguage';

const maze = parseMaze('######\n#...E#\n#.##.#\n#....#\n######', 'ring');
const maxSteps = 16;
const { actions: best } = mazeOptimum(maze, usualRewards, 0.99);
const bestWalks = maze.starts.map((start) =>
  walk(maze, start, usualRewards, maxSteps, (state) => best[state]!),
);

const config = { steps: 80, batchSize: 16, learningRate: 0.05, warmupSteps: 0, maxGradNorm: 1 };
const newPolicy = (hidden: readonly number[] = [16]) =>
  createMlpPolicy({ states: maze.transitions.length, hidden, actions: moves.length }, seededRandom(1));

function run(walks: readonly Walk[], seed: number, changes: Partial<typeof config> = {}) {
  const train = (policy: MlpPolicy) =>
    cloneWalks(policy, walks, { ...config, ...changes }, seededRandom(seed));
  return rowsOf(newPolicy(), train);
}

describe('cloneWalks', () => {
  it('walks as the best walks do', async () => {
    const policy = newPolicy();
    const task = mazeTask({ maze, maxSteps });
    expect((await task.evaluate(policy)).accuracy).toBeLessThan(0.5);
    const steps = bestWalks.reduce((sum, { actions }) => sum + actions.length, 0);
    const rows = await rowsOf(
      policy,
      () => cloneWalks(policy, bestWalks, config, seededRandom(1)),
      async () => {
        expect(await task.evaluate(policy)).toMatchObject({ accuracy: 1, length: steps / bestWalks.length });
      },
    );
    // three actions, nearly alike at first
    expectClose(rows[0]!.loss, Math.log(3), 0.05);
    expect(rows.at(-1)!.loss).toBeLessThan(0.05);
    expect(rows.at(-1)!.accuracy).toBe(1);
  });

  it('comes to the frequencies of what was done, where the same state was left in several ways', async () => {
    const undecided = [0, 0, 0, 1].map((action) => ({ ...bestWalks[0]!, states: [2], actions: [action] }));
    const rows = await rowsOf(
      newPolicy([]),
      (policy) => cloneWalks(policy, undecided, { ...config, steps: 200 }, seededRandom(1)),
      async (policy) => {
        const probabilities = (await mazeProbabilities(policy, maze, 1))[2]!;
        expectClose(probabilities, [0.75, 0.25, 0], 0.02);
      },
    );
    expectClose(rows.at(-1)!.loss, entropyOf(3 / 4, 1 / 4), 0.02);
  });

  it('counts each action of each walk, whatever its length, and nothing after its end', async () => {
    const byLength = [...bestWalks].sort((a, b) => b.actions.length - a.actions.length);
    const [long, short] = [byLength[0]!, byLength.at(-1)!];
    expect([long.actions.length > 3, short.actions.length]).toEqual([true, 1]);
    const losses = [];
    for (const walks of [[long], [short], [long, short]]) {
      losses.push((await run(walks, 1, { steps: 1 }))[0]!.loss);
    }
    const [ofLong, ofShort, ofBoth] = losses as [number, number, number];
    const actions = long.actions.length;
    expectClose(ofBoth, (actions * ofLong + ofShort) / (actions + 1), 1e-6);
    expect(Math.abs(ofLong - ofShort)).toBeGreaterThan(1e-4);
  });

  it('measures held-out walks after the update', async () => {
    const heldOut = { examples: bestWalks, every: 4 };
    const whole = { ...config, steps: 9, batchSize: bestWalks.length };
    const rows = await rowsOf(newPolicy(), (policy) =>
      cloneWalks(policy, bestWalks, whole, seededRandom(1), heldOut),
    );
    const evaluated = rows.filter(({ held_out_loss }) => held_out_loss !== null);
    expect(evaluated.map(({ step }) => step)).toEqual([4, 8, 9]);
    for (const step of [4, 8]) expectClose(rows[step - 1]!.held_out_loss, rows[step]!.loss, 1e-5);
  });

  it('gives bit-identical rows for the same seed, and others for another', async () => {
    const rows = await run(bestWalks, 5, { steps: 6 });
    expect(await run(bestWalks, 5, { steps: 6 })).toEqual(rows);
    expect(await run(bestWalks, 6, { steps: 6 })).not.toEqual(rows);
  });

  it('keeps no tensor from one step to the next, nor after the last', async () => {
    const steps = engine.name === 'native' ? 1000 : 30;
    const policy = newPolicy();
    const counts = await tensorCounts(() =>
      cloneWalks(policy, bestWalks, { ...config, steps }, seededRandom(1)),
    );
    expect(counts.during).toHaveLength(1);
    expect(counts.after).toBe(counts.before);
    policy.parameters.vector.dispose();
  });

  it('stops at a loss that is not finite, and keeps the parameters', async () => {
    const policy = newPolicy();
    let kept = valuesOf(policy);
    const far = { ...config, learningRate: 1e38 };
    const training = (async () => {
      for await (const _ of cloneWalks(policy, bestWalks, far, seededRandom(1))) kept = valuesOf(policy);
    })();
    await expect(training).rejects.toThrow(/^step \d was not taken/u);
    expect(valuesOf(policy)).toEqual(kept);
    policy.parameters.vector.dispose();
  });
});
