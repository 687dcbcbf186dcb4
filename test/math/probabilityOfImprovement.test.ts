import fc from 'fast-check';
import { expect, it } from 'vitest';
import { probabilityOfImprovement } from '../../lib/math/probabilityOfImprovement';
import { mean } from '../../lib/math/statistics';
import { expectClose } from '../close';
import golden from '../golden/rliable.json';

const scores = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 9 });

it("is rliable's, of each task and as the mean over tasks", () => {
  const { inputs, outputs } = golden.probabilities;
  const own = inputs.x.map((x, task) => probabilityOfImprovement(x, inputs.y[task]!));
  // halves over 48 in float64
  expectClose(own, outputs.of_each_task, 1e-15);
  expect(mean(own)).toBeCloseTo(outputs.of_all_tasks, 15);
});

it('counts a tie as one half', () => {
  expect(probabilityOfImprovement([1, 2], [2, 3])).toBe(1 / 8);
  expect(probabilityOfImprovement([4, 5], [2, 3, 1])).toBe(1);
  expect(probabilityOfImprovement([], [1])).toBeNaN();
});

it('of the one and of the other add up to 1, and what is the same is no improvement', () => {
  fc.assert(
    fc.property(scores, scores, (x, y) => {
      expect(probabilityOfImprovement(x, y) + probabilityOfImprovement(y, x)).toBeCloseTo(1, 15);
      expect(probabilityOfImprovement(x, x)).toBe(0.5);
    }),
  );
});

it('sees the order alone', () => {
  fc.assert(
    fc.property(scores, scores, (x, y) => {
      const [bentX, bentY] = [x, y].map((values) => values.map((value) => 2 * value ** 3 - 5));
      expect(probabilityOfImprovement(bentX!, bentY!)).toBe(probabilityOfImprovement(x, y));
    }),
  );
});
