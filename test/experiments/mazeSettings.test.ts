import { expect, it } from 'vitest';
import { reinforce } from '../../lib/algorithms/reinforce';
import { mazeTask } from '../../lib/algorithms/rollouts/mazeTask';
import { ready } from '../../lib/engine/tensorflow';
import { mazeModels, mazeSettings } from '../../lib/experiments/mazeSettings';
import { seededRandom } from '../../lib/math/random';
import { readMaze } from '../../lib/tasks/maze';

it('finds the way out of the room in a second', async () => {
  await ready;
  const maze = await readMaze('data/mazes/room.txt');
  const random = seededRandom(1);
  const { policy } = mazeModels(maze, random);
  const rows = [];
  const task = mazeTask({ maze, maxSteps: 32 });
  for await (const row of reinforce(task, policy, mazeSettings.reinforce, random.split('train')))
    rows.push(row);
  expect(rows.at(-1)!.accuracy).toBeGreaterThan(0.95);
});
