import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { languageTask } from '../../../lib/algorithms/rollouts/languageTask';
import { promptOf } from '../../../lib/algorithms/rollouts/respond';
import {
  disposeRollout,
  type Rollout,
  rollOut,
  rolloutLogProbs,
} from '../../../lib/algorithms/rollouts/rollout';
import { rolloutStatistics } from '../../../lib/algorithms/rollouts/rolloutStatistics';
import { tf } from '../../../lib/engine/tensorflow';
import { seededRandom } from '../../../lib/math/random';
import { actionLogProbs } from '../../../lib/models/categorical';
import type { GptPolicy, TokenStates } from '../../../lib/models/gptPolicy';
import { specialTokens } from '../../../lib/models/tokenizer';
import { type Completion, combineRewards, type Reward } from '../../../lib/tasks/reward';
import { expectClose } from '../../close';
import { tinyPolicy, wordsOf } from '../tinyLanguage';

const queries = ['a', 'b b', 'c c c', 'a b c a', 'b'];
const tokenizer = wordsOf(queries);
const maxTokens = 4;

/** A number of its own for each query and response. */
const spelled = ({ query, response }: Completion) =>
  [...`${query}: ${response}`].reduce((sum, letter) => 7 * sum + letter.charCodeAt(0), 0);
/** 10 for an end, and 1 for each token. */
const counted: Reward = {
  name: 'counted',
  score: (completions) => completions.map(({ tokens, ended }) => tokens + (ended ? 10 : 0)),
};
const isCorrect = ({ response }: Completion) => response.startsWith('a');
const taskOf = (reward = counted, evaluationQueries?: readonly string[]) =>
  languageTask({
    tokenizer,
    queries,
    ...(evaluationQueries && { evaluationQueries }),
    reward: combineRewards([{ reward, weight: 0.5 }]),
    isCorrect,
    maxTokens,
  });

let policy: GptPolicy;
let before: number;
beforeEach(() => {
  policy = tinyPolicy(tokenizer, 8);
  // larger differences between tokens than a new model has
  tf.tidy(() => policy.parameters.vector.assign(policy.parameters.vector.mul(2)));
  before = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(before);
  policy.parameters.vector.dispose();
});

const request = { queries: 5, groupSize: 8, temperature: 0.7 };

async function rolled<T>(
  what: (rollout: Rollout<TokenStates>) => T | Promise<T>,
  changes: Partial<typeof request> = {},
  seed = 1,
): Promise<T> {
  const rollout = await rollOut(taskOf(), policy, { ...request, ...changes }, seededRandom(seed));
  try {
    return await what(rollout);
  } finally {
    disposeRollout(rollout);
  }
}

/** log π at a temperature of tokens after a prompt, from one forward pass over the bare sequence. */
function recomputed(query: string, tokens: readonly string[], temperature: number): number[] {
  return tf.tidy(() => {
    const targets = tokens.map((token) => tokenizer.vocabulary.indexOf(token));
    const ids = tf.tensor2d([[...promptOf(tokenizer, query), ...targets.slice(0, -1)]], undefined, 'int32');
    const starts = tf.zeros<tf.Rank.R1>([1], 'int32');
    const logits = policy.logits({ ids, starts }, tokens.length).div<tf.Tensor3D>(temperature);
    return Array.from(actionLogProbs(logits, tf.tensor2d([targets], undefined, 'int32')).dataSync());
  });
}

describe('languageTask', () => {
  it('rolls out log-probs that a forward pass over each whole sequence confirms', async () => {
    await rolled(({ logProbs, trajectories }) => {
      const rows = logProbs.arraySync();
      expect(new Set(trajectories.map(({ actions }) => actions.length)).size).toBeGreaterThan(2);
      trajectories.forEach(({ query, actions }, b) => {
        const expected = recomputed(query, actions, request.temperature);
        expectClose(rows[b], [...expected, ...new Array(maxTokens - actions.length).fill(0)], 1e-5);
      });
      // they differ by far more from those of the policy itself
      const { query, actions } = trajectories[0]!;
      expect(Math.abs(recomputed(query, actions, 1)[0]! - rows[0]![0]!)).toBeGreaterThan(1e-3);
    });
  });

  it('keeps the states from which the algorithms recompute them', async () => {
    await rolled((rollout) => {
      tf.tidy(() => {
        const again = rolloutLogProbs(policy, rollout, request.temperature).mul(rollout.mask);
        expectClose(again.arraySync(), rollout.logProbs.arraySync(), 1e-5);
      });
    });
  });

  it('rewards the last token of each response, the end among them', async () => {
    await rolled(({ trajectories }) => {
      expect(new Set(trajectories.map(({ ended }) => ended)).size).toBe(2);
      for (const { actions, rewards, scores, ended } of trajectories) {
        const score = actions.length + (ended ? 10 : 0);
        expect(scores).toEqual({ counted: score });
        expect(rewards).toEqual([...new Array(actions.length - 1).fill(0), 0.5 * score]);
        expect(ended).toBe(actions.at(-1) === tokenizer.vocabulary[specialTokens.end]);
      }
    });
  });

  it('counts responses that were cut off', async () => {
    await rolled(({ trajectories }) => {
      const cut = trajectories.filter(({ ended }) => !ended);
      expect(cut.length).toBeGreaterThan(0);
      expect(cut.every(({ actions }) => actions.length === maxTokens)).toBe(true);
      const { frac_cut_off, length_max } = rolloutStatistics(trajectories, request.groupSize);
      expect([frac_cut_off, length_max]).toEqual([cut.length / trajectories.length, maxTokens]);
    });
  });

  it('asks each query once, group by group, in an order of its own for each seed', async () => {
    const orderOf = (seed: number) =>
      rolled(({ trajectories }) => trajectories.map(({ query }) => query), {}, seed);
    const orders = [];
    for (const seed of [1, 2, 3]) orders.push(await orderOf(seed));
    for (const asked of orders) {
      const groups = Array.from({ length: 5 }, (_, g) => new Set(asked.slice(8 * g, 8 * g + 8)));
      expect(groups.every((group) => group.size === 1)).toBe(true);
      expect(groups.flatMap((group) => [...group]).sort()).toEqual([...queries].sort());
    }
    expect(new Set(orders.map((asked) => asked.join())).size).toBeGreaterThan(1);
    const some = await rolled(({ trajectories }) => trajectories.map(({ query }) => query), {
      queries: 3,
      groupSize: 1,
    });
    expect(new Set(some).size).toBe(3);
  });

  it('says how many queries there are where more are asked for', async () => {
    await expect(taskOf().rollOut(policy, { ...request, queries: 6 }, seededRandom(1))).rejects.toThrow(
      /^a rollout asks 6 queries, but the task has 5\.$/u,
    );
  });

  it('evaluates the likeliest tokens, of the queries named for it', async () => {
    const named = ['c', 'a b', ...queries];
    const greedy = named.map((query) => {
      const written: number[] = [];
      while (written.length < maxTokens && written.at(-1) !== specialTokens.end) {
        const next = tf.tidy(() => {
          const ids = tf.tensor2d([[...promptOf(tokenizer, query), ...written]], undefined, 'int32');
          const logits = policy.logits({ ids, starts: tf.zeros<tf.Rank.R1>([1], 'int32') }, 1);
          return logits.argMax(-1).dataSync()[0]!;
        });
        written.push(next);
      }
      const ended = written.at(-1) === specialTokens.end;
      const completion = { query, response: tokenizer.decode(written), tokens: written.length, ended };
      return { completion, reward: 0.5 * spelled(completion) };
    });
    const mean = (numbers: readonly number[]) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
    const expected = {
      accuracy: mean(greedy.map(({ completion }) => (isCorrect(completion) ? 1 : 0))),
      reward: mean(greedy.map(({ reward }) => reward)),
      length: mean(greedy.map(({ completion }) => completion.tokens)),
    };
    const reward = {
      name: 'spelled',
      score: (completions: readonly Completion[]) => completions.map(spelled),
    };
    expect(await taskOf(reward, named).evaluate(policy)).toEqual(expected);
    expect(await taskOf(reward, named).evaluate(policy)).toEqual(expected);
  });

  it('keeps no tensor where the reward fails', async () => {
    const failing: Reward = {
      name: 'failing',
      score: () => {
        throw new Error('no reward today');
      },
    };
    await expect(taskOf(failing).rollOut(policy, request, seededRandom(1))).rejects.toThrow(
      'no reward today',
    );
    await expect(taskOf(failing).evaluate(policy)).rejects.toThrow('no reward today');
  });
});
