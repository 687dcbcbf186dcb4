import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { InputError } from '../../lib/errors/inputError';
import { seededRandom } from '../../lib/math/random';
import { actionLogProbs } from '../../lib/models/categorical';
import { type GptPolicy, gptPolicy, gptPolicySpecification } from '../../lib/models/gptPolicy';
import { createParameters } from '../../lib/models/parameters';
import { type SamplingOptions, sampleResponses } from '../../lib/models/sampling';
import { leftPad } from '../../lib/models/sequences';
import { countDraws, expectFrequencies } from '../chiSquare';
import { expectClose } from '../close';
import { config, formulaPolicy, sequenceLogits } from './formulaGpt';

/** Float32: a cached and a full forward pass of two layers sum the same products in another order. */
const tolerance = 1e-5;

/** Prompts of 1 to 4 tokens leave room for 5 tokens in a context of 8: the last of them is never fed back. */
const prompts = [[3, 1, 4, 1], [7, 10], [9], [5, 3, 5], [6, 6, 6, 6], [2, 8]];
const maxTokens = 5;
const stopToken = 2;
const plain: SamplingOptions = { maxTokens, temperature: 1, stopToken };

/** [rows][columns] uniform in [0, 1). */
function uniforms(rows: number, columns: number, seed = 1): number[][] {
  const random = seededRandom(seed);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.uniform()));
}

function sample(
  policy: GptPolicy,
  rows: readonly (readonly number[])[],
  noise: readonly (readonly number[])[],
  options: SamplingOptions,
  promptLength = Math.max(...rows.map((row) => row.length)),
) {
  return tf.tidy(() => {
    const { tokens, mask, logProbs } = sampleResponses(
      policy,
      leftPad(rows, promptLength),
      tf.tensor2d(noise as number[][]),
      options,
    );
    return { tokens: tokens.arraySync(), mask: mask.arraySync(), logProbs: logProbs.arraySync() };
  });
}

/** The softmax of logits at a temperature. */
function distribution(logits: readonly number[], temperature = 1): number[] {
  const largest = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp((logit - largest) / temperature));
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
}

function renormalized(probabilities: readonly number[], kept: (probability: number) => boolean): number[] {
  const left = probabilities.map((probability) => (kept(probability) ? probability : 0));
  const total = left.reduce((a, b) => a + b);
  return left.map((probability) => probability / total);
}

/** The k likeliest and ties with the last of them. */
function keepTop(probabilities: readonly number[], k: number): number[] {
  const least = [...probabilities].sort((a, b) => b - a)[k - 1]!;
  return renormalized(probabilities, (probability) => probability >= least);
}

/** The fewest of the likeliest that together reach probability p. */
function keepNucleus(probabilities: readonly number[], p: number): number[] {
  const sorted = [...probabilities].sort((a, b) => b - a);
  let [sum, kept] = [0, 0];
  while (sum < p) sum += sorted[kept++]!;
  return keepTop(probabilities, kept);
}

/** A policy whose logits are those given after any tokens, exactly: its hidden state is always (1, 0, …). */
function constantPolicy(logits: readonly number[]): GptPolicy {
  const constant = { ...config, vocabularySize: logits.length, tiedHead: false };
  const parameters = createParameters(gptPolicySpecification(constant), seededRandom(1));
  const { width } = constant;
  const head = logits.flatMap((logit) => [logit, ...new Array<number>(width - 1).fill(0)]);
  const values = Array.from(parameters.vector.dataSync());
  const finalNorm = [...new Array<number>(width).fill(0), 1, ...new Array<number>(width - 1).fill(0)];
  values.splice(values.length - finalNorm.length - head.length, finalNorm.length + head.length);
  tf.tidy(() => parameters.vector.assign(tf.tensor1d([...values, ...finalNorm, ...head])));
  return gptPolicy(constant, parameters);
}

describe('logProbs', () => {
  it.each([
    plain,
    { ...plain, temperature: 0.6 },
    { ...plain, temperature: 2.5 },
    { ...plain, temperature: 0 },
    // of the whole distribution, before it is cut
    { ...plain, temperature: 0.8, topK: 3, topP: 0.7 },
  ])('are those of a full forward pass: %j', (options) => {
    for (const tied of [true, false]) {
      tf.tidy(() => {
        const policy = formulaPolicy(tied);
        const { ids, starts } = leftPad(prompts, 4);
        const noise = tf.tensor2d(uniforms(prompts.length, maxTokens));
        const { tokens, mask, logProbs } = sampleResponses(policy, { ids, starts }, noise, options);
        const seen = tf.concat([ids, tokens.slice([0, 0], [prompts.length, maxTokens - 1])], 1);
        const logits = policy.logits({ ids: seen, starts }, maxTokens);
        const full = actionLogProbs(logits.div(options.temperature || 1), tokens).mul(mask);
        expectClose(logProbs.arraySync(), full.arraySync(), tolerance);
        // otherwise nothing has been compared
        expect(mask.sum().dataSync()[0]).toBeGreaterThan(prompts.length);
      });
    }
  });
});

describe('tokens', () => {
  const prompt = [5, 3, 5];
  const draws = 4000;

  it.each<[string, Partial<SamplingOptions>, (logits: readonly number[]) => number[], number]>([
    ['the model', {}, (logits) => distribution(logits), 11],
    ['temperature 2', { temperature: 2 }, (logits) => distribution(logits, 2), 11],
    ['top-k 4', { topK: 4 }, (logits) => keepTop(distribution(logits), 4), 4],
    ['top-p 0.6', { topP: 0.6 }, (logits) => keepNucleus(distribution(logits), 0.6), 3],
    [
      'top-p 0.8 of top-k 6 at temperature 1.5',
      { temperature: 1.5, topK: 6, topP: 0.8 },
      (logits) => keepNucleus(keepTop(distribution(logits, 1.5), 6), 0.8),
      5,
    ],
  ])('come as often as the distribution says: %s', (_, options, expected, kept) => {
    const policy = formulaPolicy();
    const probabilities = expected(sequenceLogits(policy, prompt).at(-1)!);
    // kept − 1 degrees of freedom
    expect(probabilities.filter((probability) => probability > 0)).toHaveLength(kept);
    const rows = new Array<number[]>(draws).fill(prompt);
    const { tokens } = sample(policy, rows, uniforms(draws, 1), { ...plain, maxTokens: 1, ...options });
    expectFrequencies(countDraws(tokens.flat(), config.vocabularySize), probabilities);
  });

  it('are each the first whose cumulative probability exceeds its own number of the noise', () => {
    const policy = formulaPolicy();
    const noise = uniforms(prompts.length, maxTokens, 2);
    // no token stops: padding is never drawn, being the stop token of none of these rows
    const { tokens, mask } = sample(policy, prompts, noise, { ...plain, stopToken: -1 });
    expect(mask.flat().every((on) => on === 1)).toBe(true);
    prompts.forEach((start, b) => {
      const logits = sequenceLogits(policy, [...start, ...tokens[b]!.slice(0, -1)]);
      const predictions = logits.slice(start.length - 1);
      const expected = predictions.map((scores, t) => {
        let cumulative = 0;
        return distribution(scores).findIndex((probability) => {
          cumulative += probability;
          return cumulative > noise[b]![t]!;
        });
      });
      expect(tokens[b]).toEqual(expected);
    });
  });

  it('are the same for the same noise, and others for other noise', () => {
    const policy = formulaPolicy();
    const noise = uniforms(prompts.length, maxTokens);
    expect(sample(policy, prompts, noise, plain)).toEqual(sample(policy, prompts, noise, plain));
    const others = sample(policy, prompts, uniforms(prompts.length, maxTokens, 9), plain);
    expect(others.tokens).not.toEqual(sample(policy, prompts, noise, plain).tokens);
  });

  it('are the likeliest ones at temperature 0, and with top-k 1', () => {
    const policy = formulaPolicy();
    const expected = prompts.map((prompt) => {
      const sequence = [...prompt];
      for (let t = 0; t < maxTokens; t++) {
        const logits = sequenceLogits(policy, sequence).at(-1)!;
        sequence.push(logits.indexOf(Math.max(...logits)));
      }
      return sequence.slice(prompt.length);
    });
    expect(new Set(expected.flat()).size).toBeGreaterThan(1);
    const noise = uniforms(prompts.length, maxTokens);
    const greedy = { ...plain, stopToken: -1, temperature: 0 };
    expect(sample(policy, prompts, noise, greedy).tokens).toEqual(expected);
    expect(sample(policy, prompts, noise, { ...greedy, temperature: 1.3, topK: 1 }).tokens).toEqual(expected);
  });

  it('keep ties with the last of the top k', () => {
    // places across the vocabulary: an engine computes the last of eleven apart from the first eight
    const logits = [0, 1, 0, 2, 1, -1, 0, 0, 0, 1, 1];
    const kept = (options: Partial<SamplingOptions>) => {
      const rows = new Array<number[]>(400).fill([3]);
      const noise = rows.map((_, i) => [(i + 0.5) / rows.length]);
      const { tokens } = sample(constantPolicy(logits), rows, noise, { ...plain, maxTokens: 1, ...options });
      return [...new Set(tokens.flat())].sort((a, b) => a - b);
    };
    expect(kept({ topK: 1 })).toEqual([3]);
    expect(kept({ topK: 2 })).toEqual([1, 3, 4, 9, 10]);
    expect(kept({ topK: 5 })).toEqual([1, 3, 4, 9, 10]);
    expect(kept({ topK: 6 })).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9, 10]);
    expect(kept({ topK: 11 })).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('have weight also where the noise is 0 or rounds to 1', () => {
    const policy = constantPolicy([-1, 0, 3, 1, 0, 2, -1]);
    for (const [options, first, last] of [
      [{}, 0, 6],
      [{ topK: 3 }, 2, 5],
      // 0.56 of the distribution is on token 2
      [{ topP: 0.5 }, 2, 2],
    ] as const) {
      const { tokens } = sample(policy, [[1], [1], [1]], [[0], [1 - 2 ** -24], [1]], {
        ...plain,
        maxTokens: 1,
        ...options,
      });
      expect(tokens.flat()).toEqual([first, last, last]);
    }
  });

  it('have weight where the noise is largest, whatever the distribution', () => {
    // whole numbers: two that differ by a rounding error could be a tie in float32 alone
    const logits = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(logits, fc.integer({ min: 1, max: 7 }), (scores, topK) => {
        const policy = constantPolicy(scores);
        const { tokens } = sample(policy, [[1]], [[1]], { ...plain, maxTokens: 1, topK });
        policy.parameters.vector.dispose();
        const kept = keepTop(distribution(scores), topK);
        expect(tokens).toEqual([[kept.map((probability) => probability > 0).lastIndexOf(true)]]);
      }),
    );
  });

  it('of several responses to a prompt are those of the prompt given several times', () => {
    const policy = formulaPolicy();
    const noise = uniforms(3 * prompts.length, maxTokens, 4);
    const each = prompts.flatMap((prompt) => [prompt, prompt, prompt]);
    const apart = sample(policy, each, noise, plain);
    const shared = sample(policy, prompts, noise, plain);
    expect(shared.tokens).toEqual(apart.tokens);
    expect(shared.mask).toEqual(apart.mask);
    expectClose(shared.logProbs, apart.logProbs, tolerance);
    // the groups have to differ among themselves for this to say something
    expect(new Set(shared.tokens.slice(0, 3).map(String)).size).toBeGreaterThan(1);
  });

  it('do not depend on the other rows, nor on how much padding stands before', () => {
    const policy = formulaPolicy();
    const noise = uniforms(prompts.length, 3);
    const options = { ...plain, maxTokens: 3 };
    const together = sample(policy, prompts, noise, options);
    const further = sample(policy, prompts, noise, options, 6);
    expect(further.tokens).toEqual(together.tokens);
    expectClose(further.logProbs, together.logProbs, tolerance);
    prompts.forEach((prompt, b) => {
      const alone = sample(policy, [prompt], [noise[b]!], options);
      expect(alone.tokens[0]).toEqual(together.tokens[b]);
      expect(alone.mask[0]).toEqual(together.mask[b]);
      expectClose(alone.logProbs[0], together.logProbs[b], tolerance);
    });
  });
});

describe('the stop token', () => {
  it('ends a response: the mask counts it, and padding follows', () => {
    const rows = new Array<number[]>(60).fill([7, 10]);
    const noise = uniforms(rows.length, maxTokens);
    const policy = formulaPolicy();
    // until it stops, a row is what it would have been without a stop token
    const endless = sample(policy, rows, noise, { ...plain, stopToken: -1 });
    const { tokens, mask, logProbs } = sample(policy, rows, noise, plain);
    const lengths = endless.tokens.map((row) => {
      const stop = row.indexOf(stopToken);
      return stop < 0 ? maxTokens : stop + 1;
    });
    expect(new Set(lengths)).toEqual(new Set([1, 2, 3, 4, 5]));
    lengths.forEach((length, b) => {
      const upTo = (row: readonly number[]) => row.map((value, t) => (t < length ? value : 0));
      expect(tokens[b]).toEqual(upTo(endless.tokens[b]!));
      expect(mask[b]).toEqual(upTo(new Array<number>(maxTokens).fill(1)));
      expectClose(logProbs[b], upTo(endless.logProbs[b]!), tolerance);
    });
  });

  it('ends sampling once all rows have it, with as many columns as asked for', () => {
    const likeliest = [0, 0, 0, 4];
    const { tokens, mask } = sample(constantPolicy(likeliest), [[1], [2, 1]], uniforms(2, maxTokens), {
      maxTokens,
      temperature: 0,
      stopToken: 3,
    });
    expect(tokens).toEqual([
      [3, 0, 0, 0, 0],
      [3, 0, 0, 0, 0],
    ]);
    expect(mask).toEqual([
      [1, 0, 0, 0, 0],
      [1, 0, 0, 0, 0],
    ]);
  });
});

describe('options', () => {
  it.each<[Partial<SamplingOptions>, string]>([
    [{ maxTokens: 0 }, 'maxTokens is 0; expected a whole number from 1.'],
    [{ maxTokens: 1.5 }, 'maxTokens is 1.5; expected a whole number from 1.'],
    [{ temperature: -0.1 }, 'temperature is -0.1; expected a number from 0.'],
    [{ temperature: Number.NaN }, 'temperature is NaN; expected a number from 0.'],
    [{ temperature: Number.POSITIVE_INFINITY }, 'temperature is Infinity; expected a number from 0.'],
    [{ topK: 0 }, "topK is 0; expected a whole number from 1 to the vocabulary's 11."],
    [{ topK: 2.5 }, "topK is 2.5; expected a whole number from 1 to the vocabulary's 11."],
    [{ topK: 12 }, "topK is 12; expected a whole number from 1 to the vocabulary's 11."],
    [{ topP: 0 }, 'topP is 0; expected a number above 0 and up to 1.'],
    [{ topP: 1.1 }, 'topP is 1.1; expected a number above 0 and up to 1.'],
    [{ topP: Number.NaN }, 'topP is NaN; expected a number above 0 and up to 1.'],
  ])('%j are refused in one sentence', (options, message) => {
    const attempt = () => sample(formulaPolicy(), [[1]], [[0.5]], { ...plain, ...options });
    expect(attempt).toThrow(InputError);
    expect(attempt).toThrow(message);
  });

  it('leave all tokens in at their bounds: top-k of the whole vocabulary, top-p 1', () => {
    const policy = formulaPolicy();
    const noise = uniforms(prompts.length, maxTokens);
    const bounds = { ...plain, topK: config.vocabularySize, topP: 1 };
    expect(sample(policy, prompts, noise, bounds)).toEqual(sample(policy, prompts, noise, plain));
  });

  it('may fill the context to its last token, and not go beyond it', () => {
    const attempt = (tokens: number) => () =>
      sample(formulaPolicy(), [[3, 1, 4, 1]], uniforms(1, tokens), {
        maxTokens: tokens,
        temperature: 1,
        stopToken: -1,
      });
    // the last token of the response is not fed back
    expect(attempt(5)().tokens[0]).toHaveLength(5);
    expect(attempt(6)).toThrow("a sequence has 9 tokens; the model's context holds 8");
  });
});

it('leaves nothing behind but what it returns', () => {
  const policy = formulaPolicy();
  const { ids, starts } = leftPad(prompts, 4);
  const noise = tf.tensor2d(uniforms(prompts.length, 6));
  const before = tf.memory().numTensors;
  const options = { ...plain, temperature: 0.9, topK: 5, topP: 0.9 };
  const sampled = sampleResponses(policy, { ids, starts }, noise, options);
  expect(tf.memory().numTensors - before).toBe(3);
  tf.dispose({ ...sampled });
  const tooLong = { ...options, maxTokens: 6, stopToken: -1 };
  expect(() => sampleResponses(policy, { ids, starts }, noise, tooLong)).toThrow('9 tokens');
  expect(tf.memory().numTensors).toBe(before);
});
