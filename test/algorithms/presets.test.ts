/** Each preset beside its peer's own code on one batch, and in the loop that it is for. */
import { describe, expect, it } from 'vitest';
import { whiten } from '../../lib/advantages/whitening';
import { comparePresets } from '../../lib/algorithms/comparePresets';
import { grpo } from '../../lib/algorithms/grpo';
import { ppo } from '../../lib/algorithms/ppo';
import { presets } from '../../lib/algorithms/presets';
import type { GrpoPreset, PpoPreset, TrpoPreset } from '../../lib/algorithms/presets/preset';
import type { ComparisonBatch } from '../../lib/algorithms/presets/presetUpdate';
import { trpo } from '../../lib/algorithms/trpo';
import { tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import golden from '../golden/presets.json';
import { matchingCritic, matchingPolicy, matchingTask } from './matchingTask';

type Rows = number[][];

interface Golden {
  readonly source: string;
  readonly advantages: Rows;
  readonly loss: number;
  readonly gradient: Rows;
  readonly returns?: Rows;
  readonly value_loss?: number;
  readonly value_gradient?: Rows;
  readonly settings?: Readonly<Record<string, unknown>>;
}

const { batch, variants } = golden;
const goldens: Readonly<Record<string, Golden>> = golden.presets;
const longest = Math.max(...batch.lengths);

/** Responses of the golden lengths or others; the score comes at the last token. */
function responses(lengths: readonly number[] = batch.lengths): ComparisonBatch {
  const cut = (rows: Rows) => rows.map((row, b) => row.slice(0, lengths[b]));
  return {
    groupSize: batch.group_size,
    rewards: lengths.map((length, b) =>
      Array.from({ length }, (_, t) => (t === length - 1 ? batch.scores[b]! : 0)),
    ),
    logProbs: cut(batch.log_probs),
    oldLogProbs: cut(batch.old_log_probs),
    refLogProbs: cut(batch.ref_log_probs),
    values: cut(batch.values),
    oldValues: cut(batch.old_values),
  };
}

const full = responses(batch.lengths.map(() => longest));

type Part = GrpoPreset | PpoPreset | TrpoPreset;

/** Every part of every preset, by a name such as trl.grpo. */
const parts: [name: string, part: Part][] = Object.entries(presets).flatMap(
  ([name, { source: _, ...family }]) =>
    Object.entries(family).map(([algorithm, part]): [string, Part] => [`${name}.${algorithm}`, part]),
);
const grpoParts = parts.filter(([, part]) => 'baseline' in part) as [string, GrpoPreset][];
const ppoParts = parts.filter(([, part]) => 'valueClipForm' in part) as [string, PpoPreset][];
const trpoParts = parts.filter(([, part]) => 'maxKl' in part) as [string, TrpoPreset][];

/** Of the largest number: float32 rounds to 6e-8, and exp, a mean over 53 tokens and a sum add a few of those. */
const tolerance = 1e-6;

function expectRelative(actual: readonly number[], expected: readonly number[], limit = tolerance): void {
  expect(actual.length).toBe(expected.length);
  const size = Math.max(...expected.map(Math.abs));
  actual.forEach((value, i) => {
    const error = Math.abs(value - expected[i]!);
    expect(error, `number ${i} is ${value}, expected ${expected[i]}`).toBeLessThanOrEqual(limit * size);
  });
}

async function expectGolden(part: Part, golden: Golden, on: ComparisonBatch): Promise<void> {
  const { presets: rows, tokens } = await comparePresets(on, { it: part });
  const column = (name: 'advantage' | 'gradient' | 'return' | 'value_gradient') =>
    tokens.map((token) => token[name] as number);
  // the advantages of Spinning Up's buffers are float32; ours are float64 until they become tensors
  expectRelative(column('advantage'), golden.advantages.flat(), 1e-6);
  expectRelative([rows[0]!.loss], [golden.loss]);
  expectRelative(column('gradient'), golden.gradient.flat());
  expect(rows[0]!.value_loss === null).toBe(golden.value_loss === undefined);
  if (golden.value_loss === undefined) return;
  expectRelative(column('return'), golden.returns!.flat(), 1e-6);
  expectRelative([rows[0]!.value_loss!], [golden.value_loss]);
  expectRelative(column('value_gradient'), golden.value_gradient!.flat());
}

describe.each(parts)('%s', (name, part) => {
  it("has its peer's own advantages, losses and gradients", async () => {
    await expectGolden(part, goldens[name]!, name === 'trl.ppo' ? full : responses());
  });

  it("has the settings that its peer's configuration has", () => {
    expect(part).toMatchObject(goldens[name]!.settings!);
  });

  it('trains', async () => {
    const models = { policy: matchingPolicy(), critic: matchingCritic(), reference: matchingPolicy() };
    const before = tf.memory().numTensors;
    // 32 trajectories: what the largest number of minibatches asks for
    const size = { steps: 3, queries: 8, groupSize: 4, evaluateEvery: 3 };
    const [task, random] = [matchingTask(), seededRandom(1)];
    const start = models.policy.parameters.vector.dataSync().slice();
    const loop =
      'baseline' in part
        ? grpo(task, models.policy, models.reference, { ...part, ...size }, random)
        : 'maxKl' in part
          ? trpo(task, models, { ...part, ...size }, random)
          : ppo(task, models, { ...part, ...size }, random);
    const rows = [];
    for await (const row of loop) rows.push(row);
    expect(rows.length).toBe(3);
    expect(models.policy.parameters.vector.dataSync()).not.toEqual(start);
    expect(tf.memory().numTensors).toBe(before);
    for (const { parameters } of Object.values(models)) parameters.vector.dispose();
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(part)).toBe(true);
    for (const value of Object.values(part)) {
      if (typeof value === 'object' && value !== null) expect(Object.isFrozen(value)).toBe(true);
    }
  });
});

it('has a golden for each preset, and a preset for each golden', () => {
  expect(parts.map(([name]) => name).sort()).toEqual(Object.keys(goldens).sort());
});

it.each([
  ['grpo', grpoParts],
  ['ppo', ppoParts],
  ['trpo', trpoParts],
] as [string, [string, object][]][])('names the same choices in every preset for %s', (_, family) => {
  const keys = family.map(([, part]) => Object.keys(part).sort());
  for (const own of keys) expect(own).toEqual(keys[0]);
});

it('names where each preset is from', () => {
  for (const { source } of Object.values(presets)) expect(source).toMatch(/commit|\d+\.\d+/u);
  expect(Object.isFrozen(presets)).toBe(true);
});

/** The choices in which two presets differ. */
const differences = (a: object, b: object) =>
  Object.entries(a)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(b[name as keyof typeof b]))
    .map(([name]) => name)
    .sort();

describe('descendants of GRPO', () => {
  it('differ from verl’s GRPO in what their papers changed', () => {
    const optimization = ['minibatches', 'warmupSteps', 'weightDecay'];
    expect(differences(presets.dapo.grpo, presets.verl.grpo)).toEqual(
      ['clipHigh', 'dualClip', 'klCoefficient', 'maxRollouts', ...optimization].sort(),
    );
    expect(differences(presets.gspo.grpo, presets.verl.grpo)).toEqual(
      ['aggregation', 'clipHigh', 'clipLow', 'dualClip', 'klCoefficient', 'ratio', 'weightDecay'].sort(),
    );
  });

  it('Dr. GRPO differs from TRL’s GRPO in scale and aggregation, and its trainer in the optimizer', () => {
    expect(differences(presets.drGrpo.grpo, presets.trl.grpo)).toEqual(
      ['aggregation', 'beta2', 'klWeighting', 'minibatches', 'scale', 'scaleEpsilon', 'schedule'].sort(),
    );
  });

  it('DAPO’s mean is over tokens, DeepSeekMath’s over responses: one answer where all are of one length', async () => {
    const { trl, deepseekMath } = presets;
    const choices = {
      tokens: { ...trl.grpo, klCoefficient: 0 },
      responses: { ...deepseekMath.grpo, klCoefficient: 0 },
    };
    const losses = async (on: ComparisonBatch) =>
      (await comparePresets(on, choices)).presets.map(({ loss }) => loss);
    const [a, b] = await losses(full);
    expect(a).toBeCloseTo(b!, 5);
    const [c, d] = await losses(responses());
    expect(Math.abs(c! - d!)).toBeGreaterThan(0.01);
  });
});

it('a dual clip that no ratio reaches leaves verl’s loss as it was', async () => {
  const choices = {
    none: { ...presets.verl.grpo, dualClip: null },
    wide: { ...presets.verl.grpo, dualClip: 1e6 },
    verl: presets.verl.grpo,
  };
  const [none, wide, verl] = (await comparePresets(responses(), choices)).presets;
  expect(wide!.loss).toBe(none!.loss);
  expect(verl!.loss).toBeLessThan(none!.loss - 0.01);
});

it('weights the KL by the ratio where TRL does', async () => {
  const weighted = { ...presets.trl.grpo, klCoefficient: 0.04 };
  await expectGolden(weighted, variants['trl.grpo with klCoefficient 0.04'], responses());
});

it('agrees with TRL’s PPO on short responses once the score comes one position after the last token', async () => {
  const { whitening, ...unwhitened } = presets.trl.ppo;
  const golden: Golden = variants['trl.ppo of responses that end early'];
  const later = batch.lengths.map((length) => Math.min(length + 1, longest));
  const moved = responses(later);
  // the position after the last token is no token: it costs no KL
  const refLogProbs = moved.oldLogProbs.map((row, b) =>
    row.map((old, t) => (t < batch.lengths[b]! ? moved.refLogProbs![b]![t]! : old)),
  );
  const choices = { it: { ...unwhitened, whitening: null } };
  const { tokens, presets: rows } = await comparePresets({ ...moved, refLogProbs }, choices);
  const own = batch.lengths.map((length, b) =>
    tokens
      .filter(({ response, position }) => response === b && position < length)
      .map(({ advantage }) => advantage),
  );
  expectRelative(whiten(own, whitening!).flat(), golden.advantages.flat(), 1e-6);
  expectRelative(
    tokens.map((token) => token.return!),
    golden.returns!.flat(),
    1e-6,
  );
  expectRelative(
    tokens.map((token) => token.value_gradient!),
    golden.value_gradient!.flat(),
  );
  expectRelative([rows[0]!.value_loss!], [golden.value_loss!]);
});
