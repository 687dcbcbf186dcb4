import { describe, expect, it } from 'vitest';
import { pretrain } from '../../lib/algorithms/pretrain';
import { engine, tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { expectClose } from '../close';
import { entropyOf, rowsOf, tensorCounts, tinyPolicy, valuesOf, wordsOf } from './tinyLanguage';

/** The first word is a toss, the second certain, and the third leans to one side or the other by the first. */
const texts = [
  ...['p is up', 'p is up', 'p is up', 'p is down'],
  ...['q is down', 'q is down', 'q is down', 'q is up'],
];
const tokenizer = wordsOf(texts);
/** Four targets in each text, of which the end is certain too. */
const entropy = (entropyOf(1 / 2, 1 / 2) + entropyOf(3 / 4, 1 / 4)) / 4;
/** What is left to who does not look back at the first word. */
const withoutContext = (2 * entropyOf(1 / 2, 1 / 2)) / 4;

const config = {
  steps: 150,
  batchSize: texts.length,
  learningRate: 0.02,
  warmupSteps: 5,
  schedule: 'constant' as const,
  beta2: 0.95,
  maxGradNorm: 1,
};
const newPolicy = (seed = 1) => tinyPolicy(tokenizer, 5, seed);

function run(seed: number, changes: Partial<typeof config> = {}) {
  const train = (policy: ReturnType<typeof newPolicy>) =>
    pretrain(policy, tokenizer, texts, { ...config, ...changes }, seededRandom(seed).split('batches'));
  return rowsOf(newPolicy(seed), train);
}

describe('pretrain', () => {
  it('comes to the entropy of each word given those before it, and never below', async () => {
    const rows = await run(1);
    // at first all tokens are about as likely
    expectClose(rows[0]!.loss, Math.log(tokenizer.vocabulary.length), 0.05);
    // the gain of looking back is 0.03
    expect(withoutContext - entropy).toBeGreaterThan(0.03);
    expectClose(rows.at(-1)!.loss, entropy, 0.002);
    for (const { loss } of rows) expect(loss).toBeGreaterThan(entropy - 1e-5);
    // a toss, two certain tokens, and three of four
    expectClose(rows.at(-1)!.accuracy, (1 / 2 + 1 + 3 / 4 + 1) / 4, 1e-6);
  });

  it('measures held-out texts after the update, each so many steps and at the last', async () => {
    const heldOut = { examples: texts, every: 3 };
    const short = { ...config, steps: 8 };
    const rows = await rowsOf(newPolicy(), (policy) =>
      pretrain(policy, tokenizer, texts, short, seededRandom(1), heldOut),
    );
    const evaluated = rows.filter(({ held_out_loss }) => held_out_loss !== null);
    expect(evaluated.map(({ step }) => step)).toEqual([3, 6, 8]);
    // each batch is the whole corpus: its loss after one update is that before the next
    for (const step of [3, 6]) expectClose(rows[step - 1]!.held_out_loss, rows[step]!.loss, 1e-5);
  });

  it('measures all held-out words alike, however the texts are cut into batches', async () => {
    const heldOut = { examples: ['p is up', 'q is', 'up', 'down is q is down', 'p'], every: 1 };
    const losses = [2, 5].map(async (batchSize) => {
      const policy = tinyPolicy(tokenizer, 6);
      const one = { ...config, steps: 1, batchSize, learningRate: 0 };
      const [row] = await rowsOf(policy, () =>
        pretrain(policy, tokenizer, texts, one, seededRandom(1), heldOut),
      );
      return row!.held_out_loss!;
    });
    expectClose(await losses[0], await losses[1], 1e-5);
  });

  it('gives bit-identical rows for the same seed, and others for another', async () => {
    const short = { steps: 6, batchSize: 3 };
    const rows = await run(5, short);
    expect(await run(5, short)).toEqual(rows);
    expect(await run(6, short)).not.toEqual(rows);
    expect(rows.map(({ step, epoch }) => [step, epoch])).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 2],
      [5, 3],
      [6, 3],
    ]);
  });

  it('keeps no tensor from one step to the next, nor after the last', async () => {
    // a thousand steps are quick on the native engine alone
    const steps = engine.name === 'native' ? 1000 : 30;
    const policy = newPolicy();
    const heldOut = { examples: texts, every: 10 };
    const counts = await tensorCounts(() =>
      pretrain(policy, tokenizer, texts, { ...config, steps, batchSize: 2 }, seededRandom(1), heldOut),
    );
    expect(counts.during).toHaveLength(1);
    expect(counts.after).toBe(counts.before);
    policy.parameters.vector.dispose();
  });

  it('stops at a loss that is not finite, says at which step, and keeps the parameters and no tensor', async () => {
    const policy = newPolicy();
    const before = tf.memory().numTensors;
    let kept = valuesOf(policy);
    // beyond what float32 can hold after the first step
    const far = { ...config, learningRate: 1e38, warmupSteps: 0 };
    const training = (async () => {
      for await (const _ of pretrain(policy, tokenizer, texts, far, seededRandom(1))) kept = valuesOf(policy);
    })();
    await expect(training).rejects.toThrow(
      /^step 2 was not taken, since its loss or its gradient is not finite: loss .*grad_norm/u,
    );
    expect(valuesOf(policy)).toEqual(kept);
    expect(kept.every(Number.isFinite)).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
    policy.parameters.vector.dispose();
  });

  it('frees everything when it is left halfway', async () => {
    const policy = newPolicy();
    const before = tf.memory().numTensors;
    for await (const { step } of pretrain(policy, tokenizer, texts, config, seededRandom(1))) {
      if (step === 2) break;
    }
    expect(tf.memory().numTensors).toBe(before);
    policy.parameters.vector.dispose();
  });

  it('names the word that the tokenizer does not know', () => {
    const policy = newPolicy();
    expect(() => pretrain(policy, tokenizer, ['p is sideways'], config, seededRandom(1))).toThrow(
      '"sideways" in "p is sideways" is not in the vocabulary',
    );
    policy.parameters.vector.dispose();
  });
});
