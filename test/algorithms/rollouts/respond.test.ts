import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { promptOf, type Responses, respond } from '../../../lib/algorithms/rollouts/respond';
import { disposeRollout } from '../../../lib/algorithms/rollouts/rollout';
import { tf } from '../../../lib/engine/tensorflow';
import { seededRandom } from '../../../lib/math/random';
import type { GptPolicy } from '../../../lib/models/gptPolicy';
import { specialTokens } from '../../../lib/models/tokenizer';
import { tinyPolicy, wordsOf } from '../tinyLanguage';

const tokenizer = wordsOf(['What is 2+2?', '2+2 is 4']);
const queries = ['What is 2+2?', 'is 4', '4', '2+2', 'What'];
const options = { maxTokens: 3, temperature: 1 };
const promptLength = 4;

let policy: GptPolicy;
let before: number;
beforeEach(() => {
  policy = tinyPolicy(tokenizer, 8);
  before = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(before);
  policy.parameters.vector.dispose();
});

const ask = (changes: Partial<typeof options> = {}, asked = queries, seed = 1) =>
  respond(policy, tokenizer, asked, promptLength, { ...options, ...changes }, seededRandom(seed));

/** Reads responses and disposes of them. */
function read<T>(responses: Responses, what: (responses: Responses) => T): T {
  const seen = what(responses);
  disposeRollout({ ...responses, trajectories: [] });
  return seen;
}

describe('respond', () => {
  it('tells the same responses as tensors, as tokens and as text', async () => {
    const asked = Array.from({ length: 40 }, (_, i) => queries[i % queries.length]!);
    read(await ask({}, asked), ({ states, actions, mask, logProbs, tokens, completions }) => {
      expect([states.ids.shape, states.starts.shape]).toEqual([[40, promptLength], [40]]);
      const seen = states.responses!.arraySync();
      const [ids, taken, chances] = [actions.arraySync(), mask.arraySync(), logProbs.arraySync()];
      const prompts = states.ids.arraySync();
      const starts = states.starts.arraySync();
      completions.forEach(({ query, response, tokens: count, ended }, b) => {
        const own = ids[b]!.slice(0, count);
        expect(query).toBe(asked[b]);
        expect(prompts[b]).toEqual([
          ...new Array(starts[b]!).fill(specialTokens.padding),
          ...promptOf(tokenizer, query),
        ]);
        expect(seen[b]).toEqual(ids[b]!.slice(0, -1));
        expect(taken[b]).toEqual([0, 1, 2].map((t) => (t < count ? 1 : 0)));
        expect(ids[b]!.slice(count).every((id) => id === specialTokens.padding)).toBe(true);
        expect(chances[b]!.map((chance) => chance < 0)).toEqual([0, 1, 2].map((t) => t < count));
        expect(tokens[b]).toEqual(own.map((id) => tokenizer.vocabulary[id]));
        expect(response).toBe(tokens[b]!.filter((token) => !token.startsWith('<')).join(' '));
        expect(ended).toBe(own.at(-1) === specialTokens.end);
        expect(own.slice(0, -1)).not.toContain(specialTokens.end);
        expect(ended || count === 3).toBe(true);
      });
      // a new policy does all of it: it ends early, late and not at all, and writes special tokens among others
      expect(new Set(completions.map(({ tokens, ended }) => `${tokens} ${ended}`)).size).toBe(4);
      const inner = new Set(tokens.flatMap((own) => own.slice(0, -1)));
      expect([inner.has('<padding>'), inner.has('<separator>')]).toEqual([true, true]);
    });
  });

  it('gives the same responses for the same seed, and others for another', async () => {
    const texts = async (seed: number) =>
      read(await ask({}, queries, seed), ({ completions }) => completions.map(({ response }) => response));
    expect(await texts(1)).toEqual(await texts(1));
    expect(await texts(2)).not.toEqual(await texts(1));
  });

  it('gives several responses to each query, one after the other, from one prompt', async () => {
    const several = await respond(
      policy,
      tokenizer,
      queries,
      promptLength,
      { ...options, groupSize: 3 },
      seededRandom(3),
    );
    read(several, ({ states, actions, completions }) => {
      expect([states.ids.shape, states.responses!.shape, actions.shape]).toEqual([
        [5, promptLength],
        [15, 2],
        [15, 3],
      ]);
      expect(completions.map(({ query }) => query)).toEqual(
        queries.flatMap((query) => [query, query, query]),
      );
    });
  });

  it('asks for a single token', async () => {
    read(await ask({ maxTokens: 1 }), ({ states, actions, completions }) => {
      expect([states.ids.shape, actions.shape]).toEqual([
        [5, promptLength],
        [5, 1],
      ]);
      expect(completions.every(({ tokens }) => tokens === 1)).toBe(true);
    });
  });

  it('refuses what would not fit the context, before it samples', async () => {
    read(await ask({ maxTokens: 5 }), () => undefined);
    await expect(ask({ maxTokens: 6 })).rejects.toThrow(
      "prompts of 4 tokens with responses of 6 do not fit the policy's context of 8",
    );
  });

  it('refuses a tokenizer of another vocabulary', async () => {
    const other = wordsOf(['What is 2+2?', '2+2 is four', '4']);
    await expect(respond(policy, other, queries, promptLength, options, seededRandom(1))).rejects.toThrow(
      'the tokenizer has 9 tokens and the policy 8; expected the same vocabulary',
    );
  });

  it('keeps no tensor where sampling fails or a query is unknown', async () => {
    await expect(ask({ temperature: -1 })).rejects.toThrow('temperature is -1');
    await expect(ask({}, ['Who is 4'])).rejects.toThrow('"Who" in "Who is 4" is not in the vocabulary');
  });
});
