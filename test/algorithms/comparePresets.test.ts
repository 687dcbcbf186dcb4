import { describe, expect, it } from 'vitest';
import { comparePresets } from '../../lib/algorithms/comparePresets';
import { grpo } from '../../lib/algorithms/grpo';
import { ppo } from '../../lib/algorithms/ppo';
import { presets } from '../../lib/algorithms/presets';
import { type Choices, type ComparisonBatch, readChoices } from '../../lib/algorithms/presets/presetUpdate';
import type { TokenRow } from '../../lib/algorithms/rollouts/tokenRows';
import { trpo } from '../../lib/algorithms/trpo';
import { tf } from '../../lib/engine/tensorflow';
import { groupRelativeLoss } from '../../lib/losses/groupRelative';
import { seededRandom } from '../../lib/math/random';
import { expectClose, numericalGradient } from '../close';
import { matchingCritic, matchingPolicy, matchingTask, steps as mostActions } from './matchingTask';

/** Two groups of two short responses, away from every kink. */
const batch: ComparisonBatch = {
  groupSize: 2,
  rewards: [[0, 1], [0.25], [0, 0], [0, 0.5]],
  logProbs: [[-0.9, -1.4], [-0.4], [-2.1, -0.7], [-1.2, -0.3]],
  oldLogProbs: [[-1.0, -1.05], [-0.8], [-2.15, -0.75], [-1.15, -0.95]],
  refLogProbs: [[-1.2, -1.0], [-0.5], [-1.9, -0.9], [-1.0, -0.5]],
  values: [[0.3, 0.5], [0.1], [-0.2, 0.4], [0.9, -0.6]],
  oldValues: [[0.2, 0.8], [0.15], [-0.6, 0.35], [0.4, -0.1]],
};

const choices = {
  trl: presets.trl.grpo,
  rloo: presets.trl.rloo,
  deepseekMath: presets.deepseekMath.grpo,
  drGrpo: presets.drGrpo.grpo,
  gspo: presets.gspo.grpo,
  cispo: { ...presets.trl.grpo, surrogate: 'cispo', clipHigh: 4 },
  trlPpo: presets.trl.ppo,
  openrlhf: presets.openrlhf.ppo,
  sb3: presets.sb3.ppo,
  cleanrl: presets.cleanrl.ppo,
  trpo: presets.spinningUp.trpo,
} satisfies Record<string, Choices>;

const chunks = (flat: readonly number[], lengths: readonly number[]): number[][] => {
  const rest = [...flat];
  return lengths.map((length) => rest.splice(0, length));
};
const lengths = batch.rewards.map((row) => row.length);

it('has a row for each preset and for each of its tokens, with the same columns in all', async () => {
  const before = tf.memory().numTensors;
  const { presets: rows, tokens } = await comparePresets(batch, choices);
  expect(tf.memory().numTensors).toBe(before);
  expect(rows.map(({ preset }) => preset)).toEqual(Object.keys(choices));
  expect(rows.map(({ algorithm }) => algorithm)).toEqual([
    ...new Array(6).fill('grpo'),
    ...new Array(4).fill('ppo'),
    'trpo',
  ]);
  expect(tokens.length).toBe(rows.length * lengths.reduce((a, b) => a + b));
  for (const table of [rows, tokens] as readonly object[][]) {
    for (const row of table) {
      expect(Object.keys(row)).toEqual(Object.keys(table[0]!));
      for (const value of Object.values(row)) expect(typeof value === 'number' ? value : 0).not.toBeNaN();
    }
  }
  const trl = tokens.filter(({ preset }) => preset === 'trl');
  expect(trl.map(({ response, position }) => [response, position])).toEqual([
    [0, 0],
    [0, 1],
    [1, 0],
    [2, 0],
    [2, 1],
    [3, 0],
    [3, 1],
  ]);
});

it('gives the loss function’s own numbers', async () => {
  const { presets: rows, tokens } = await comparePresets(batch, { it: presets.deepseekMath.grpo });
  const pad = (ragged: readonly (readonly number[])[], end: number) =>
    tf.tensor2d(ragged.map((row) => [...row, end].slice(0, 2)));
  // (1 − 0.625) / (0.375 √2 + 1e-4) in the first group
  const a = [0.375 / (0.375 * Math.SQRT2 + 1e-4), 0.25 / (0.25 * Math.SQRT2 + 1e-4)];
  const advantages = [
    [a[0]!, a[0]!],
    [-a[0]!, -a[0]!],
    [-a[1]!, -a[1]!],
    [a[1]!, a[1]!],
  ];
  const { loss, gradient } = tf.tidy(() => {
    const { value, grad } = tf.valueAndGrad((x) =>
      groupRelativeLoss(
        x as tf.Tensor2D,
        pad(batch.oldLogProbs, 0),
        pad(batch.refLogProbs!, 0),
        tf.tensor2d(advantages),
        tf.tensor2d([
          [1, 1],
          [1, 0],
          [1, 1],
          [1, 1],
        ]),
        { clipLow: 0.2, clipHigh: 0.2, aggregation: 'seq-mean-token-mean', klCoefficient: 0.04 },
      ),
    )(pad(batch.logProbs, 0));
    return { loss: value.dataSync()[0], gradient: grad.arraySync() as number[][] };
  });
  expect(rows[0]!.loss).toBe(loss);
  expect(tokens.map((token) => token.gradient)).toEqual(
    gradient.flatMap((row, b) => row.slice(0, lengths[b])),
  );
  expect(rows[0]!.grad_norm).toBeCloseTo(Math.hypot(...gradient.flat()), 6);
});

describe.each(Object.entries<Choices>(choices))('%s', (name, choice) => {
  it('has losses that its tokens add up to, and gradients like central differences', async () => {
    const { presets: rows, tokens } = await comparePresets(batch, { [name]: choice });
    const total = tokens.reduce((sum, { weight, loss }) => sum + weight * loss, 0);
    expect(total).toBeCloseTo(rows[0]!.loss, 5);

    const at = async (logProbs: readonly number[]) => {
      const moved = { ...batch, logProbs: chunks(logProbs, lengths) };
      return (await comparePresets(moved, { [name]: choice })).presets[0]!.loss;
    };
    // CISPO's weight is constant, which a difference of losses does not know
    if (name === 'cispo') return;
    const flat = batch.logProbs.flat();
    const step = 2e-2;
    const expected = await Promise.all(
      flat.map(async (_, i) => {
        const shift = (by: number) => at(flat.map((value, j) => (j === i ? value + by : value)));
        return ((await shift(step)) - (await shift(-step))) / (2 * step);
      }),
    );
    // step²/6 times a third derivative of about 1, plus float32 rounding 1e-7 over the step
    expectClose(
      tokens.map(({ gradient }) => gradient),
      expected,
      1e-3,
    );
  });
});

it('has value gradients like central differences', async () => {
  for (const name of ['trlPpo', 'openrlhf', 'sb3', 'cleanrl', 'trpo'] as const) {
    const { tokens } = await comparePresets(batch, { it: choices[name] });
    const { critic } = readChoices(
      name,
      choices[name],
      batch,
      batch.oldLogProbs.map((row) => row.map(() => 0)),
    );
    expect(critic).not.toBeNull();
    const own = tokens.map((token) => token.return!);
    const returns = chunks(own, lengths);
    const clip = 'valueClipForm' in choices[name] ? (choices[name] as typeof presets.trl.ppo) : null;
    const loss = (values: readonly number[]) => {
      const losses = values.map((value, i) => {
        const target = returns.flat()[i]!;
        const old = batch.oldValues!.flat()[i]!;
        const range = clip?.valueClipRange ?? null;
        if (range === null) return (value - target) ** 2 * (clip?.valueClipForm === 'max' ? 0.5 : 1);
        const cut = old + Math.max(-range, Math.min(range, value - old));
        return 0.5 * Math.max((value - target) ** 2, (cut - target) ** 2);
      });
      return ((clip?.valueCoefficient ?? 1) * losses.reduce((a, b) => a + b)) / losses.length;
    };
    expectClose(
      tokens.map((token) => token.value_gradient!),
      numericalGradient(loss, batch.values!.flat(), 1e-4),
      1e-4,
    );
  }
});

/** What the loops tell of their first step, as a batch. */
function batchOf(tokens: readonly TokenRow[], groupSize: number): ComparisonBatch {
  const trajectories = [...new Set(tokens.map(({ trajectory }) => trajectory))];
  const column = (pick: (token: TokenRow) => number) =>
    trajectories.map((b) => tokens.filter(({ trajectory }) => trajectory === b).map(pick));
  const values = column(({ value }) => value ?? 0);
  return {
    groupSize,
    rewards: column(({ reward }) => reward),
    logProbs: column(({ old_log_prob }) => old_log_prob),
    oldLogProbs: column(({ old_log_prob }) => old_log_prob),
    refLogProbs: column(({ old_log_prob, kl }) => old_log_prob - kl!),
    values,
    oldValues: values,
  };
}

describe('the first update of a training loop', () => {
  const size = { steps: 1, queries: 6, groupSize: 4, evaluateEvery: 1 };
  const once = { epochs: 1, minibatches: 1, maxRollouts: 1 };

  /** A reference that is not the policy, so that the KL counts. */
  function models() {
    const made = { policy: matchingPolicy(), critic: matchingCritic(), reference: matchingPolicy() };
    const { vector } = made.reference.parameters;
    tf.tidy(() => vector.assign(vector.mul(-1.5)));
    return made;
  }

  it.each([
    ['trl', presets.trl.grpo],
    ['rloo', presets.trl.rloo],
    ['verl', presets.verl.grpo],
    ['deepseekMath', presets.deepseekMath.grpo],
    ['drGrpo', presets.drGrpo.grpo],
    ['gspo', presets.gspo.grpo],
    ['trlPpo', presets.trl.ppo],
    ['openrlhfPpo', presets.openrlhf.ppo],
    ['sb3', presets.sb3.ppo],
    ['spinningUp', presets.spinningUp.ppo],
    ['trpo', presets.spinningUp.trpo],
  ])('has the loss and the advantages that are compared: %s', async (name, preset) => {
    const inspection = { tokens: [] as TokenRow[], every: 1 };
    const [made, task, random] = [models(), matchingTask((s, a) => (s === a ? 1 : 0.3 * a)), seededRandom(4)];
    const loop =
      'baseline' in preset
        ? grpo(task, made.policy, made.reference, { ...preset, ...size, ...once }, random, inspection)
        : 'maxKl' in preset
          ? trpo(task, made, { ...preset, ...size }, random, inspection)
          : ppo(task, made, { ...preset, ...size, ...once, whitenOver: 'rollout' }, random, inspection);
    const { value: row } = await loop.next();
    const seen = batchOf(inspection.tokens, size.groupSize);
    const { presets: rows, tokens } = await comparePresets(seen, {
      [name]: { ...preset, maxLength: mostActions },
    });
    expect(row).toBeTruthy();
    expectClose(rows[0]!.loss, (row as { policy_loss: number }).policy_loss, 1e-6);
    // what is inspected has been float32
    expectClose(
      tokens.map(({ advantage }) => advantage),
      inspection.tokens.map(({ advantage }) => advantage),
      1e-5,
    );
    for (const { parameters } of Object.values(made)) parameters.vector.dispose();
  });
});

describe('refuses', () => {
  it.each([
    [{ ...batch, rewards: [] }, presets.trl.grpo, 'the batch has no response to compare on.'],
    [
      { ...batch, logProbs: [[1], ...batch.logProbs.slice(1)] },
      presets.trl.grpo,
      'row 0 of logProbs has length 1; expected 2, one number for each token that has a reward.',
    ],
    [
      { ...batch, oldLogProbs: [...batch.oldLogProbs, [1]] },
      presets.trl.grpo,
      'oldLogProbs has 5 rows for 4 responses; expected as many.',
    ],
    [
      { ...batch, refLogProbs: null },
      presets.deepseekMath.grpo,
      '"it" holds on to a reference with klCoefficient 0.04, but the batch\'s refLogProbs are null.',
    ],
    [
      batch,
      { ...presets.deepseekMath.grpo, klEstimator: 'exact' },
      '"it" takes the exact KL, for which the batch\'s log-probs of single tokens are not enough; expected an estimator, such as k3.',
    ],
    [
      batch,
      { ...presets.cleanrl.ppo, updateKlCoefficient: 1 },
      '"it" has an updateKlCoefficient, whose exact KL takes more than the batch\'s log-probs of single tokens; expected 0.',
    ],
    [
      { ...batch, oldValues: null },
      presets.cleanrl.ppo,
      '"it" has a critic, but the batch\'s values or oldValues are null.',
    ],
  ] as [ComparisonBatch, Choices, string][])(
    'a batch that lacks something (%#)',
    async (wrong, choice, told) => {
      const before = tf.memory().numTensors;
      await expect(comparePresets(wrong, { it: choice })).rejects.toThrow(told);
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  it('nothing that a choice does not ask for', async () => {
    const without = { ...batch, refLogProbs: null, values: null, oldValues: null };
    const { presets: rows } = await comparePresets(without, { it: presets.trl.grpo });
    expect(rows[0]).toMatchObject({ kl: null, value_loss: null });
  });
});
