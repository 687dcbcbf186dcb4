import { describe, expect, it } from 'vitest';
import { fineTune } from '../../lib/algorithms/fineTune';
import { respond } from '../../lib/algorithms/rollouts/respond';
import { disposeRollout } from '../../lib/algorithms/rollouts/rollout';
import { tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { actionLogProbs } from '../../lib/models/categorical';
import type { GptPolicy } from '../../lib/models/gptPolicy';
import { specialTokens } from '../../lib/models/tokenizer';
import { expectClose } from '../close';
import { entropyOf, rowsOf, tinyPolicy, wordsOf } from './tinyLanguage';

/** Queries of several lengths, each as likely as the others; what is answered is a matter of the last word alone. */
const demonstrations = ['say so', 'now say so', 'please now say so'].flatMap((query) => [
  { query: `${query} red`, response: 'red' },
  { query: `${query} green`, response: 'green green' },
  { query: `${query} any`, response: 'red' },
  { query: `${query} any`, response: 'green green' },
]);
const tokenizer = wordsOf(demonstrations.flatMap(({ query, response }) => [query, response]));
/** Of ten targets in four demonstrations the first of two is a toss; what follows it is certain. */
const entropy = (2 * entropyOf(1 / 2, 1 / 2)) / 10;

const config = {
  steps: 200,
  batchSize: demonstrations.length,
  learningRate: 0.02,
  warmupSteps: 5,
  maxGradNorm: 1,
};
const newPolicy = (seed = 1) => tinyPolicy(tokenizer, 9, seed);

/** −log π of given tokens after a prompt, from one forward pass over the bare sequence. */
function surprise(policy: GptPolicy, prompt: readonly number[], tokens: readonly number[]): number[] {
  return tf.tidy(() => {
    const ids = tf.tensor2d([[...prompt, ...tokens.slice(0, -1)]], undefined, 'int32');
    const starts = tf.zeros<tf.Rank.R1>([1], 'int32');
    const targets = tf.tensor2d([[...tokens]], undefined, 'int32');
    const logits = policy.logits({ ids, starts }, tokens.length);
    return Array.from(actionLogProbs(logits, targets).neg().dataSync());
  });
}

describe('fineTune', () => {
  it('counts the tokens of the responses and their ends, and none of the queries', async () => {
    const policy = newPolicy();
    const byHand = demonstrations.flatMap(({ query, response }) => {
      const prompt = [...tokenizer.encode(query), specialTokens.separator];
      return surprise(policy, prompt, [...tokenizer.encode(response), specialTokens.end]);
    });
    expect(byHand).toHaveLength(30);
    const one = { ...config, steps: 1 };
    const [row] = await rowsOf(policy, () =>
      fineTune(policy, tokenizer, demonstrations, one, seededRandom(1)),
    );
    expectClose(row!.loss, byHand.reduce((sum, nats) => sum + nats, 0) / byHand.length, 1e-5);
  });

  it('comes to the entropy of the responses given their queries, and answers', async () => {
    const answers: string[] = [];
    const rows = await rowsOf(
      newPolicy(),
      (policy) => fineTune(policy, tokenizer, demonstrations, config, seededRandom(1)),
      async (policy) => {
        const greedy = { maxTokens: 3, temperature: 0 };
        const queries = ['say so red', 'please now say so green'];
        const given = await respond(policy, tokenizer, queries, 6, greedy, seededRandom(1));
        answers.push(...given.completions.map(({ response }) => response));
        disposeRollout({ ...given, trajectories: [] });
      },
    );
    // to learn the queries too would leave far more: their own words are a toss of three and of three again
    expectClose(rows.at(-1)!.loss, entropy, 0.01);
    for (const { loss } of rows) expect(loss).toBeGreaterThan(entropy - 1e-5);
    expect(answers).toEqual(['red', 'green green']);
  });

  it('does not learn from what is held out', async () => {
    const short = { ...config, steps: 40, batchSize: 4 };
    const [train, others] = [demonstrations.slice(0, 2), [{ query: 'say so any', response: 'so any' }]];
    const plain = await rowsOf(newPolicy(), (policy) =>
      fineTune(policy, tokenizer, train, short, seededRandom(1)),
    );
    const watched = await rowsOf(newPolicy(), (policy) =>
      fineTune(policy, tokenizer, train, short, seededRandom(1), { examples: others, every: 20 }),
    );
    expect(watched.map((row) => ({ ...row, held_out_loss: null }))).toEqual(plain);
    const [first, last] = [watched[19]!.held_out_loss!, watched[39]!.held_out_loss!];
    expect(watched[39]!.loss).toBeLessThan(0.2);
    // the surer it is of its own two responses, the more it is surprised by another
    expect(last).toBeGreaterThan(first);
  });
});
