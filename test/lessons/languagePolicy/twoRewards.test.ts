import { expect, it } from 'vitest';
import { rewardAgreement, twoRewards } from '../../../lib/lessons/languagePolicy/twoRewards';

const completion = (query: string, response: string) => ({ query, response, tokens: 1, ended: true });
const scoring = (scores: Record<string, number>) => ({
  name: 'scores',
  score: (completions: readonly { readonly response: string }[]) =>
    completions.map(({ response }) => scores[response]!),
});

it('counts equal responses, and marks those that the two order differently', async () => {
  const completions = [
    ...['right', 'right', 'odd', 'wrong'].map((response) => completion('q', response)),
    completion('p', 'odd'),
  ];
  const rule = scoring({ right: 1, odd: 0, wrong: 0 });
  const model = scoring({ right: 2, odd: 3, wrong: -1 });
  const rows = await twoRewards(completions, rule, model);
  expect(rows).toEqual([
    { query: 'q', response: 'odd', count: 1, rule: 0, model: 3, disagree: true },
    { query: 'q', response: 'right', count: 2, rule: 1, model: 2, disagree: true },
    { query: 'q', response: 'wrong', count: 1, rule: 0, model: -1, disagree: false },
    { query: 'p', response: 'odd', count: 1, rule: 0, model: 3, disagree: false },
  ]);
  expect(rewardAgreement(rows)).toEqual({ pairs: 2, agreement: 0.5 });
});

it('takes an equal score of the model for a disagreement', async () => {
  const answers = [completion('q', 'right'), completion('q', 'wrong')];
  const rows = await twoRewards(answers, scoring({ right: 1, wrong: 0 }), scoring({ right: 0, wrong: 0 }));
  expect(rewardAgreement(rows).agreement).toBe(0);
});
