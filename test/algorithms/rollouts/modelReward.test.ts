import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { languageTask } from '../../../lib/algorithms/rollouts/languageTask';
import { modelReward } from '../../../lib/algorithms/rollouts/modelReward';
import { disposeRollout, rollOut } from '../../../lib/algorithms/rollouts/rollout';
import { encodeRankings, scoreRankings } from '../../../lib/algorithms/trainRewardModel';
import { tf } from '../../../lib/engine/tensorflow';
import { seededRandom } from '../../../lib/math/random';
import { disposeParameters } from '../../../lib/models/parameters';
import { createRewardModel, rewardScores } from '../../../lib/models/rewardModel';
import { createTokenizer, specialTokens } from '../../../lib/models/tokenizer';
import { type Completion, combineRewards } from '../../../lib/tasks/reward';
import { length } from '../../../lib/tasks/rewards/length';
import { expectClose } from '../../close';
import { size, tinyPolicy } from '../tinyLanguage';

const texts = ['What is 2+2?', '2+2 is 4', 'I do not know', 'It is 5, or 6.'];
const tokenizer = createTokenizer(texts, 'symbols');
const config = { ...size, vocabularySize: tokenizer.vocabulary.length, contextLength: 15 };
const newModel = () => createRewardModel(config, seededRandom(3));
/** Below any score of a model that has learnt nothing. */
const unreadable = -100;
const query = texts[0]!;

const completion = (response: string, ended = true): Completion => ({ query, response, tokens: 1, ended });

async function scoresOf(responses: readonly string[]): Promise<readonly number[]> {
  const model = newModel();
  const scores = await modelReward(model, tokenizer, { unreadable }).score(
    responses.map((r) => completion(r)),
  );
  disposeParameters(model.parameters);
  return scores;
}

describe('modelReward', () => {
  it('gives the score at the end of query and response, as rankings are scored', async () => {
    const model = newModel();
    const responses = ['2+2 is 4', '5', 'I do not know'];
    const byHand = responses.map((response) => {
      const { separator, end } = specialTokens;
      const ids = [...tokenizer.encode(query), separator, ...tokenizer.encode(response), end];
      return tf.tidy(() => {
        const last = tf.tensor2d([ids.map((_, t) => (t === ids.length - 1 ? 1 : 0))]);
        return rewardScores(model, tf.tensor2d([ids], undefined, 'int32'), last).dataSync()[0]!;
      });
    });
    expectClose(await scoresOf(responses), byHand, 1e-5);
    expect(new Set(byHand).size).toBe(3);
    const ranking = encodeRankings(tokenizer, [{ query, responses, ranks: [1, 2, 3] }]);
    expectClose(await scoreRankings(model, ranking), byHand, 1e-5);
    disposeParameters(model.parameters);
  });

  it('scores each response in its place, in batches or alone, read or not', async () => {
    const kinds = ['2+2 is 4', 'I do not know', '', '5, or 6', '22'];
    const many = Array.from({ length: 600 }, (_, i) => kinds[(7 * i) % kinds.length]!);
    const alone: Record<string, number> = {};
    for (const kind of kinds) alone[kind] = (await scoresOf([kind]))[0]!;
    expectClose(
      await scoresOf(many),
      many.map((response) => alone[response]!),
      1e-5,
    );
  });

  it.each([
    ['nothing', ''],
    ['a token that the tokenizer does not know', '2+2 is four'],
  ])('gives %s the score that was named for it', async (_, response) => {
    const [good, bad] = await scoresOf(['2+2 is 4', response]);
    expect(bad).toBe(unreadable);
    expect(good).not.toBe(unreadable);
    expect(await scoresOf([response])).toEqual([unreadable]);
  });

  it('reads the name of a special token as a word like any other, which it does not know', async () => {
    const words = createTokenizer(['is 4'], 'words');
    const model = createRewardModel({ ...config, vocabularySize: words.vocabulary.length }, seededRandom(3));
    const reward = modelReward(model, words, { unreadable });
    const scores = await reward.score(
      ['4', '4 <end>', '<padding>'].map((response) => ({ ...completion(response), query: 'is' })),
    );
    expect(scores.map((score) => score === unreadable)).toEqual([false, true, true]);
    disposeParameters(model.parameters);
  });

  it('refuses a query that it does not know, and a response beyond its context', async () => {
    const model = newModel();
    const reward = modelReward(model, tokenizer, { unreadable });
    const before = tf.memory().numTensors;
    const asked = { ...completion('4'), query: 'Who is 4?' };
    await expect(Promise.resolve(reward.score([asked]))).rejects.toThrow('"Who" in "Who is 4?" is not in');
    const long = completion('2+2 is 2+2 is');
    await expect(Promise.resolve(reward.score([long]))).rejects.toThrow(
      '"What is 2+2?" with the response "2+2 is 2+2 is" has 16 tokens; the context of the reward model holds 15.',
    );
    expect(tf.memory().numTensors).toBe(before);
    disposeParameters(model.parameters);
  });

  it('scores beside a rule, each by its weight', async () => {
    const model = newModel();
    const learned = modelReward(model, tokenizer, { name: 'learned', unreadable });
    const combined = combineRewards([
      { reward: learned, weight: 2 },
      { reward: length({ maxTokens: 4, buffer: 2 }), weight: 0.5 },
    ]);
    const { total, scores } = await combined.score([{ ...completion('2+2 is 4'), tokens: 3 }]);
    expect(scores[0]).toEqual({ learned: (await scoresOf(['2+2 is 4']))[0], length: -0.5 });
    expectClose(total, [2 * scores[0]!.learned! - 0.25], 1e-9);
    disposeParameters(model.parameters);
  });

  it('scores whatever a policy writes, with special tokens in it or cut off, and keeps no tensor', async () => {
    const policy = tinyPolicy(tokenizer, 16);
    const model = newModel();
    const reward = combineRewards([{ reward: modelReward(model, tokenizer, { unreadable }), weight: 1 }]);
    const task = languageTask({ tokenizer, queries: [query], reward, isCorrect: () => false, maxTokens: 5 });
    const before = tf.memory().numTensors;
    const request = { queries: 1, groupSize: 64, temperature: 1 };
    const rollout = await rollOut(task, policy, request, seededRandom(1));
    // a new policy writes any token as soon as another
    const written = new Set(rollout.trajectories.flatMap(({ actions }) => actions.slice(0, -1)));
    expect(written).toContain('<separator>');
    expect(written).toContain('<padding>');
    expect(rollout.trajectories.some(({ ended }) => !ended)).toBe(true);
    const { trajectories } = rollout;
    expectClose(
      trajectories.map(({ scores }) => scores.model!),
      await scoresOf(trajectories.map(({ response }) => response)),
      1e-5,
    );
    // an end at once leaves no text
    expect(
      trajectories.filter(({ scores }) => scores.model === unreadable).map(({ response }) => response),
    ).toContain('');
    disposeRollout(rollout);
    expect(tf.memory().numTensors).toBe(before);
    disposeParameters(policy.parameters);
    disposeParameters(model.parameters);
  });

  it.each(['words', 'symbols', 'characters'] as const)(
    'reads a policy’s text as the tokens that the policy wrote, special ones left out (%s)',
    (splitting) => {
      const { vocabulary, encode, decode } = createTokenizer(
        [...texts, "don't 12.5*-7 = ½!", 'a: b; c'],
        splitting,
      );
      fc.assert(
        fc.property(fc.array(fc.nat(vocabulary.length - 1), { maxLength: 12 }), (ids) => {
          expect(encode(decode(ids))).toEqual(ids.filter((id) => id > 2));
        }),
      );
    },
  );
});
