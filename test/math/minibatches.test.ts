import { expect, it } from 'vitest';
import { minibatches } from '../../lib/math/minibatches';
import { seededRandom } from '../../lib/math/random';

it('takes each example once an epoch, in batches of one size', () => {
  const batches = minibatches(10, 5, seededRandom(1));
  const four = Array.from({ length: 4 }, () => batches.next().value);
  expect(four.map(({ epoch }) => epoch)).toEqual([1, 1, 2, 2]);
  for (const epoch of [four.slice(0, 2), four.slice(2)]) {
    expect(epoch.flatMap(({ indices }) => indices).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }
  expect(four[0]).not.toEqual(four[2]);
  expect(minibatches(3, 16, seededRandom(1)).next().value.indices).toHaveLength(3);
  expect(() => minibatches(0, 4, seededRandom(1)).next()).toThrow('there are no examples');
});
