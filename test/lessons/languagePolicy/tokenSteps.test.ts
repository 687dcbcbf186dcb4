import { expect, it } from 'vitest';
import { ready } from '../../../lib/engine/tensorflow';
import { likeliestTokens, policyRows } from '../../../lib/lessons/languagePolicy/policySteps';
import { tokenSteps } from '../../../lib/lessons/languagePolicy/tokenSteps';
import { crossEntropyTerms, meanLoss } from '../../../lib/lessons/stages/crossEntropyTerms';
import { seededRandom } from '../../../lib/math/random';
import { softmax } from '../../../lib/math/softmax';
import { createGptPolicy } from '../../../lib/models/gptPolicy';
import { createTokenizer } from '../../../lib/models/tokenizer';
import { expectClose } from '../../close';

const tokenizer = createTokenizer(['What is 2+3?', '2+3 is 5'], 'symbols');
const vocabularySize = tokenizer.vocabulary.length;

function stepsOf(contextLength = 12) {
  const config = { vocabularySize, contextLength, layers: 1, heads: 1, width: 4 };
  return tokenSteps(createGptPolicy(config, seededRandom(1)), tokenizer, 'What is 2+3?', '2+3 is 5');
}

it('has a step for each token after the first, and tells the response from its query', async () => {
  await ready;
  const steps = await stepsOf();
  const response = ['2', '+', '3', 'is', '5', '<end>'];
  expect(steps.map(({ token }) => token)).toEqual(['is', '2', '+', '3', '?', '<separator>', ...response]);
  expect(steps.map(({ state }) => state).slice(4, 8)).toEqual([
    'What is 2+3',
    'What is 2+3?',
    'What is 2+3? <separator>',
    'What is 2+3? <separator> 2',
  ]);
  expect(steps.filter(({ in_response }) => in_response).map(({ token }) => token)).toEqual(response);
});

it("computes the library's log-probs by hand", async () => {
  await ready;
  const steps = await stepsOf();
  const terms = crossEntropyTerms(steps, tokenizer);
  expectClose(
    terms.map(({ loss }) => -loss),
    steps.map(({ log_prob }) => log_prob),
    1e-6,
  );
  expect(terms.map((term) => term.fine_tuning).join('')).toBe('000000111111');
  const tail = terms.slice(6).reduce((sum, { loss }) => sum + loss, 0);
  expectClose(meanLoss(terms, 'fine_tuning'), tail / 6, 1e-12);
  // random weights are next to no knowledge
  expectClose(meanLoss(terms, 'pre_training'), Math.log(vocabularySize), 0.02);
});

it('sums the log-probs of a response', async () => {
  await ready;
  const rows = policyRows(await stepsOf());
  expect(rows.map(({ t }) => t)).toEqual([1, 2, 3, 4, 5, 6]);
  const sum = rows.reduce((total, { log_prob }) => total + log_prob, 0);
  expect(rows.at(-1)!.log_prob_so_far).toBe(sum);
  expectClose(
    rows.reduce((product, { probability }) => product * probability, 1),
    Math.exp(sum),
    1e-12,
  );
});

it('says what does not fit the context', async () => {
  await ready;
  await expect(stepsOf(11)).rejects.toThrow("has 12 tokens to read; the model's context holds 11.");
});

it('raises the ratio of two probabilities to the power 1/T', () => {
  const logits = [2, 1, -1];
  const [p, q] = softmax(logits);
  const [cold, colder] = softmax(logits, 0.5);
  expectClose(cold! / colder!, (p! / q!) ** 2, 1e-12);
  expectClose(softmax([1000, 0]), [1, 0], 0);
  expectClose(softmax([3, 3, 3, 3]), [0.25, 0.25, 0.25, 0.25], 0);
  expect(() => softmax(logits, 0)).toThrow('temperature is 0; expected a number above 0.');
});

it('keeps a row for the marked token, and one for the rest', () => {
  const step = { logits: [0, 3, 1, 2] };
  const rows = likeliestTokens(step, ['a', 'b', 'c', 'd'], { shown: 2, marked: 'a' });
  expect(rows.map(({ token }) => token)).toEqual(['b', 'a (taken)', '2 others']);
  expectClose(
    rows.reduce((sum, { probability }) => sum + probability, 0),
    1,
    1e-12,
  );
  expect(likeliestTokens(step, ['a', 'b', 'c', 'd'], { shown: 9 }).map(({ token }) => token)).toEqual([
    'b',
    'd',
    'c',
    'a',
  ]);
});
