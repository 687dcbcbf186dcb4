import { expect, it } from 'vitest';
import { atEachAction, padRows, takeRows, unpadRows } from '../../../lib/algorithms/rollouts/rows';
import { tf } from '../../../lib/engine/tensorflow';

const trajectories = [{ rewards: [0, 0, 1] }, { rewards: [1] }, { rewards: [] }];

it('pads rows with 0, and cuts them back to their trajectories', async () => {
  const rows = [[0.5, -1, 2], [3], []];
  const tensor = padRows(rows, 4);
  expect(tensor.arraySync()).toEqual([
    [0.5, -1, 2, 0],
    [3, 0, 0, 0],
    [0, 0, 0, 0],
  ]);
  expect(await unpadRows(tensor, trajectories)).toEqual(rows);
  tensor.dispose();
});

it('gives one number to each action of its trajectory', () => {
  expect(atEachAction([0.25, -1, 7], trajectories)).toEqual([[0.25, 0.25, 0.25], [-1], []]);
});

it('takes rows of nested tensors, whatever their type, and of what is missing nothing', () => {
  const before = tf.memory().numTensors;
  const rows = {
    states: { ids: tf.tensor2d([[1], [2], [3]], undefined, 'int32') },
    mask: tf.tensor1d([0.5, 1, 1.5]),
    refLogProbs: null,
  };
  const taken = takeRows(rows, [2, 0]);
  expect(taken.states.ids.arraySync()).toEqual([[3], [1]]);
  expect(taken.states.ids.dtype).toBe('int32');
  expect(taken.mask.arraySync()).toEqual([1.5, 0.5]);
  expect(taken.refLogProbs).toBeNull();
  tf.dispose([rows.states.ids, rows.mask, taken.states.ids, taken.mask]);
  expect(tf.memory().numTensors).toBe(before);
});
