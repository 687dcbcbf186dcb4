import { beforeAll, expect, it } from 'vitest';
import { ready } from '../../../lib/engine/tensorflow';
import { possibleResponses } from '../../../lib/lessons/valueModel/additionAnswers';
import { prefixScores, rankAnswers } from '../../../lib/lessons/valueModel/prefixScores';
import { seededRandom } from '../../../lib/math/random';
import { mean } from '../../../lib/math/statistics';
import { createRewardModel } from '../../../lib/models/rewardModel';
import { createTokenizer } from '../../../lib/models/tokenizer';
import { createValueModel } from '../../../lib/models/valueModel';

beforeAll(() => ready);

const answers = possibleResponses(2, 2);

it('ranks every answer by its reward', () => {
  const rankings = rankAnswers([answers], 2, 1e-6, seededRandom(1));
  expect(rankings).toHaveLength(2);
  const { responses, ranks } = rankings[0]!;
  expect(ranks[responses.indexOf('2+2 is 4')]).toBeLessThan(ranks[responses.indexOf('I do not know')]!);
});

it('sets both models beside the expected return at every prefix, and whole responses at the right mean', async () => {
  const tokenizer = createTokenizer(
    answers.flatMap(({ query, response }) => [query, response]),
    'words',
  );
  const size = {
    vocabularySize: tokenizer.vocabulary.length,
    contextLength: 14,
    layers: 1,
    heads: 2,
    width: 8,
  };
  const [reward, value] = [createRewardModel(size, seededRandom(1)), createValueModel(size, seededRandom(2))];
  const rows = await prefixScores(reward, value, tokenizer, answers, { discount: 0.9, temperature: 0.1 });
  expect(rows.slice(0, 3).map(({ prefix, whole }) => [prefix, whole])).toEqual([
    ['2+2', false],
    ['2+2 is', false],
    ['2+2 is 4', true],
  ]);
  expect(rows[1]!.expected).toBeCloseTo(0.45, 12);
  const wholes = rows.filter(({ whole }) => whole);
  expect(mean(wholes.map(({ reward_model }) => reward_model))).toBeCloseTo(
    mean(answers.map((one) => one.reward)),
    5,
  );
});
