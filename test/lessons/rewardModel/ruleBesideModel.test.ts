import { expect, it } from 'vitest';
import { ruleBesideModel, ruledResponses } from '../../../lib/lessons/rewardModel/ruleBesideModel';

const query = 'What is 7+5?';

it('tells where a rule is blind and where a model errs', async () => {
  const responses = ['7+5 is 12', '12', '7+5 is 13', 'I do not know'];
  const ranking = { query, responses, ranks: [1, 2, 3, 4], qualities: [1, 0.85, 0.5, 0.1] };
  const rows = await ruleBesideModel([ranking], [[2, 3, 1, 0]]);
  expect(
    rows.map(({ pairs_of, pairs, rule_right, rule_wrong, rule_tied }) => [
      pairs_of,
      pairs,
      rule_right,
      rule_wrong,
      rule_tied,
    ]),
  ).toEqual([
    ['right against wrong', 4, 4, 0, 0],
    ['both right', 1, 0, 0, 1],
    ['both wrong', 1, 0, 0, 1],
  ]);
  expect(rows.map(({ model_right, model_wrong }) => [model_right, model_wrong])).toEqual([
    [4, 0],
    [0, 1],
    [1, 0],
  ]);
});

it('gives the rule’s word beside the score above the first', async () => {
  const rows = await ruledResponses(query, ['7+5 is 12', 'Bananas are yellow 12', '12 is 7+5'], [2, 5, 1]);
  expect(rows.map(({ rule, model }) => [rule, model])).toEqual([
    [1, 0],
    [1, 3],
    [0, -1],
  ]);
});
