import { describe, expect, it } from 'vitest';
import { trainMazeCritic } from '../../lib/algorithms/trainMazeCritic';
import { tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { createMlpCritic } from '../../lib/models/mlp';
import { parseMaze, usualRewards, walk } from '../../lib/tasks/maze';
import { mazeOptimum } from '../../lib/tasks/mazeOptimum';
import { expectClose } from '../close';
import { rowsOf, tensorCounts } from './tinyLanguage';

const maze = parseMaze('######\n#...E#\n#.##.#\n#....#\n######', 'ring');
const discount = 0.9;
const optimum = mazeOptimum(maze, usualRewards, discount);
const walks = maze.starts.map((start) =>
  walk(maze, start, usualRewards, 16, (state) => optimum.actions[state]!),
);

const config = { steps: 150, batchSize: 16, discount, learningRate: 0.05, warmupSteps: 0, maxGradNorm: 10 };
const newCritic = () => createMlpCritic({ states: maze.transitions.length, hidden: [] }, seededRandom(1));
type Critic = ReturnType<typeof newCritic>;

function valuesOf(critic: Critic): number[] {
  return tf.tidy(() => {
    const positions = tf.range(0, maze.transitions.length, 1, 'int32').expandDims<tf.Tensor2D>(0);
    return Array.from(critic.values({ positions }, maze.transitions.length).dataSync());
  });
}

describe('trainMazeCritic', () => {
  it('comes to the value of each state under the policy that walked', async () => {
    const rows = await rowsOf(
      newCritic(),
      (critic) => trainMazeCritic(critic, walks, config, seededRandom(1)),
      async (critic) => expectClose(valuesOf(critic), optimum.values, 0.02),
    );
    expect(rows[0]!.explained_variance).toBeLessThan(0.1);
    expect(rows.at(-1)!.explained_variance).toBeGreaterThan(0.99);
    expect(rows.at(-1)!.loss).toBeLessThan(1e-3);
  });

  it('comes to the mean where walks from the same state end differently', async () => {
    const state = maze.starts[0]!;
    const rewarded = [1, 0, 0, 0].map((reward) => ({
      states: [state],
      actions: [0],
      rewards: [reward],
      ended: true,
    }));
    const rows = await rowsOf(
      newCritic(),
      (critic) => trainMazeCritic(critic, rewarded, config, seededRandom(1)),
      async (critic) => expectClose(valuesOf(critic)[state], 0.25, 0.01),
    );
    // the variance that no critic explains
    expectClose(rows.at(-1)!.loss, 0.25 * 0.75, 1e-3);
    expectClose(rows.at(-1)!.explained_variance, 0, 1e-3);
  });

  it('gives bit-identical rows for the same seed, and keeps no tensor', async () => {
    const short = { ...config, steps: 6 };
    const run = (seed: number) =>
      rowsOf(newCritic(), (critic) => trainMazeCritic(critic, walks, short, seededRandom(seed)));
    const rows = await run(5);
    expect(await run(5)).toEqual(rows);
    expect(await run(6)).not.toEqual(rows);
    const critic = newCritic();
    const counts = await tensorCounts(() => trainMazeCritic(critic, walks, short, seededRandom(1)));
    expect(counts.during).toHaveLength(1);
    expect(counts.after).toBe(counts.before);
    critic.parameters.vector.dispose();
  });
});
