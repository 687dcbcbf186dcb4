/**
 * Four responses to "What is 2+2?", small enough to compute by hand: one short of three tokens, one wrong, one that
 * thinks aloud, one terse. Tokens are words, as in the article. The probabilities are chosen so that each case of the
 * clip occurs.
 */
import type { ComparisonBatch } from '../../algorithms/presets/presetUpdate';

export interface ExampleToken {
  readonly token: string;
  /** Of the policy that sampled. */
  readonly old: number;
  /** Of the policy that is updated, after an update before this one. */
  readonly now: number;
  /** Of the reference policy. */
  readonly ref: number;
}

export interface ExampleResponse {
  readonly response: string;
  readonly reward: number;
  readonly tokens: readonly ExampleToken[];
}

const said = (token: string, old: number, now = old, ref = old): ExampleToken => ({ token, old, now, ref });

export const exampleQuery = 'What is 2+2?';

/** Their mean reward is 0.5. */
export const exampleGroup: readonly ExampleResponse[] = [
  {
    response: '2+2 is 4',
    reward: 0.8,
    // the ratio of the last, 1.25, is above 1 + 0.2
    tokens: [said('2+2', 0.8), said('is', 0.9), said('4', 0.4, 0.5, 0.4)],
  },
  {
    response: '2+2 is 5',
    reward: 0.1,
    // 0.75 is below 1 − 0.2
    tokens: [said('2+2', 0.8), said('is', 0.9), said('5', 0.4, 0.3, 0.5)],
  },
  {
    response: 'Let me count: 2+2 is 4',
    reward: 0.7,
    tokens: [
      said('Let', 0.1, 0.11, 0.05),
      said('me', 0.98),
      said('count:', 0.98),
      said('2+2', 0.9),
      said('is', 0.9),
      said('4', 0.6, 0.66, 0.5),
    ],
  },
  {
    response: '4',
    reward: 0.4,
    // 1.3 is above 1 + 0.2, on the side on which nothing is clipped where the advantage is negative
    tokens: [said('4', 0.1, 0.13, 0.05)],
  },
];

/** The group as `comparePresets` takes it. */
export function comparisonBatch(group: readonly ExampleResponse[]): ComparisonBatch {
  const logs = (of: 'old' | 'now' | 'ref') =>
    group.map(({ tokens }) => tokens.map((token) => Math.log(token[of])));
  return {
    groupSize: group.length,
    rewards: group.map(({ tokens, reward }) => tokens.map((_, t) => (t === tokens.length - 1 ? reward : 0))),
    logProbs: logs('now'),
    oldLogProbs: logs('old'),
    refLogProbs: logs('ref'),
    values: null,
    oldValues: null,
  };
}
