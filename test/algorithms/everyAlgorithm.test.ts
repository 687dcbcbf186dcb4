/** What all of reinforcement learning's loops promise: told apart only by what they make of a rollout. */
import { describe, expect, it } from 'vitest';
import { type GrpoConfig, grpo } from '../../lib/algorithms/grpo';
import { type PpoConfig, ppo } from '../../lib/algorithms/ppo';
import { type ReinforceConfig, reinforce } from '../../lib/algorithms/reinforce';
import type { Inspection } from '../../lib/algorithms/reinforcementConfig';
import type { Task } from '../../lib/algorithms/rollouts/rollout';
import type { TokenRow } from '../../lib/algorithms/rollouts/tokenRows';
import { type TrpoConfig, trpo } from '../../lib/algorithms/trpo';
import { engine, tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { expectBothWays } from './bothWays';
import { steps as actions, matchingCritic, matchingPolicy, matchingTask } from './matchingTask';
import type { NumberedStates } from './smallPolicy';

const sampling = { queries: 4, groupSize: 4, temperature: 1, evaluateEvery: 20 };
const optimizer = { learningRate: 0.03, warmupSteps: 0, schedule: 'constant', maxGradNorm: 1 } as const;

const reinforceConfig: ReinforceConfig = {
  ...sampling,
  ...optimizer,
  learningRate: 0.1,
  steps: 60,
  baseline: 'leave-one-out',
  aggregation: 'seq-mean-token-mean',
  discount: 1,
};
const grpoConfig: GrpoConfig = {
  ...sampling,
  ...optimizer,
  steps: 60,
  baseline: 'mean',
  scale: 'group',
  ddof: 1,
  scaleEpsilon: 1e-4,
  clipLow: 0.2,
  clipHigh: 0.2,
  klCoefficient: 0.01,
  epochs: 2,
  minibatches: 2,
  maxRollouts: 3,
};
const ppoConfig: PpoConfig = {
  ...sampling,
  ...optimizer,
  steps: 60,
  clipLow: 0.2,
  clipHigh: 0.2,
  klCoefficient: 0.01,
  klControl: 'proportional',
  klTarget: 1,
  klHorizon: 100,
  epochs: 2,
  minibatches: 2,
  discount: 0.99,
  lambda: 0.95,
  whitening: { ddof: 1, epsilon: 1e-8, form: 'deviation' },
  whitenOver: 'minibatch',
  entropyCoefficient: 0.01,
  valueLearningRate: 0.03,
  valueClipRange: 0.2,
  valueClipForm: 'max',
  klStop: 0.02,
};
const trpoConfig: TrpoConfig = {
  ...sampling,
  steps: 40,
  maxKl: 0.02,
  damping: 0.01,
  conjugateGradientSteps: 10,
  lineSearchSteps: 10,
  backtrackFactor: 0.8,
  discount: 0.99,
  lambda: 0.97,
  whitening: { ddof: 0, epsilon: 1e-8, form: 'deviation' },
  valueSteps: 2,
  valueLearningRate: 0.03,
};

type Changes = Partial<ReinforceConfig & GrpoConfig & PpoConfig & TrpoConfig>;

/** A row as this file reads it. */
type Row = Readonly<Record<string, number | string | null>> & { readonly step: number };

interface Setting {
  readonly policy: ReturnType<typeof matchingPolicy>;
  readonly critic: ReturnType<typeof matchingCritic>;
  readonly reference: ReturnType<typeof matchingPolicy>;
}

type Loop = (
  setting: Setting,
  task: Task<NumberedStates>,
  seed: number,
  changes: Changes,
  inspection?: Inspection,
) => AsyncGenerator<object, void>;

const loops: Readonly<Record<string, Loop>> = {
  reinforce: ({ policy }, task, seed, changes, inspection) =>
    reinforce(task, policy, { ...reinforceConfig, ...changes }, seededRandom(seed), inspection),
  grpo: ({ policy, reference }, task, seed, changes, inspection) =>
    grpo(task, policy, reference, { ...grpoConfig, ...changes }, seededRandom(seed), inspection),
  ppo: (models, task, seed, changes, inspection) =>
    ppo(task, models, { ...ppoConfig, ...changes }, seededRandom(seed), inspection),
  trpo: (models, task, seed, changes, inspection) =>
    trpo(task, models, { ...trpoConfig, ...changes }, seededRandom(seed), inspection),
};

function setUp(): Setting {
  return { policy: matchingPolicy(), critic: matchingCritic(), reference: matchingPolicy() };
}

function tearDown({ policy, critic, reference }: Setting): void {
  for (const { parameters } of [policy, critic, reference]) parameters.vector.dispose();
}

async function run(name: string, seed: number, changes: Changes = {}, task = matchingTask()): Promise<Row[]> {
  const setting = setUp();
  const rows: Row[] = [];
  try {
    for await (const row of loops[name]!(setting, task, seed, changes)) rows.push(row as Row);
    return rows;
  } finally {
    tearDown(setting);
  }
}

describe.each(Object.keys(loops))('%s', (name) => {
  it('learns: names nearly all numbers that it is shown', async () => {
    const rows = await run(name, 1);
    expect(rows.at(-1)!.accuracy).toBe(1);
    expect(rows[0]!.reward).toBeLessThan(0.6 * actions);
  });

  it('gives bit-identical rows for the same seed, and others for another', async () => {
    const [first, again, other] = [
      await run(name, 5, { steps: 6 }),
      await run(name, 5, { steps: 6 }),
      await run(name, 6, { steps: 6 }),
    ];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it.each([1, 2, 3])('computes compiled what it computes as it is: seed %s', (seed) =>
    expectBothWays(() => run(name, seed, { steps: 5, evaluateEvery: 2 })),
  );

  it('keeps no tensor from one step to the next, nor after the last', async () => {
    // a thousand steps are quick on the native engine alone
    const steps = engine.name === 'native' ? 1000 : 30;
    const small = { queries: 2, groupSize: 2, epochs: 1, valueSteps: 1, conjugateGradientSteps: 2 };
    const changes = { ...small, steps, maxRollouts: 2, evaluateEvery: 500 };
    const setting = setUp();
    const before = tf.memory().numTensors;
    const counts = new Set<number>();
    for await (const _ of loops[name]!(setting, matchingTask(), 1, changes))
      counts.add(tf.memory().numTensors);
    expect(counts.size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
    tearDown(setting);
  }, 300_000);

  it('stops at a loss that is not finite, says what was seen, and keeps the parameters', async () => {
    const setting = setUp();
    const before = tf.memory().numTensors;
    const parameters = () => Array.from(setting.policy.parameters.vector.dataSync());
    const kept: number[][] = [];
    // beyond what float32 can hold: a reward as it is, or what one step of this size makes of policy and critic
    const task = matchingTask(name === 'reinforce' ? () => 1e300 : undefined);
    const changes = { baseline: 'none', learningRate: 1e38, valueLearningRate: 1e38, klStop: null } as const;
    const training = (async () => {
      for await (const _ of loops[name]!(setting, task, 1, changes)) kept.push(parameters());
    })();
    await expect(training).rejects.toThrow(/^step \d+ was not taken, since its loss or its gradient is not/u);
    if (kept.length > 0) expect(parameters()).toEqual(kept.at(-1));
    expect(parameters().every(Number.isFinite)).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
    tearDown(setting);
  });

  it('refuses a reward that is not finite, with its query and response', async () => {
    const setting = setUp();
    const before = tf.memory().numTensors;
    const task = matchingTask(() => Number.POSITIVE_INFINITY);
    await expect(loops[name]!(setting, task, 1, {}).next()).rejects.toThrow(
      /^the task "matching" gave ".*" to "[012]" the reward Infinity; expected a finite number/u,
    );
    expect(tf.memory().numTensors).toBe(before);
    tearDown(setting);
  });

  it('frees everything when it is left halfway', async () => {
    const setting = setUp();
    const before = tf.memory().numTensors;
    for await (const row of loops[name]!(setting, matchingTask(), 1, { steps: 9 })) {
      if ((row as Row).step === 2) break;
    }
    expect(tf.memory().numTensors).toBe(before);
    tearDown(setting);
  });

  it('tells each action of the steps asked for', async () => {
    const setting = setUp();
    const inspection = { tokens: [] as TokenRow[], every: 2 };
    const rows: Row[] = [];
    for await (const row of loops[name]!(setting, matchingTask(), 1, { steps: 5 }, inspection))
      rows.push(row as Row);
    const { tokens } = inspection;
    expect([...new Set(tokens.map(({ step }) => step))]).toEqual([2, 4, 5]);
    for (const step of [2, 4, 5]) {
      const own = tokens.filter((token) => token.step === step);
      const row = rows[step - 1]!;
      const trajectories = new Set(own.map(({ trajectory }) => trajectory)).size;
      expect(trajectories).toBe(sampling.queries * sampling.groupSize);
      expect(own.length / trajectories).toBeCloseTo(row.length_mean as number, 9);
      expect(own.reduce((sum, { reward }) => sum + reward, 0) / trajectories).toBeCloseTo(
        row.reward as number,
        9,
      );
      for (const { old_log_prob, log_prob, ratio } of own) {
        expect(ratio).toBeCloseTo(Math.exp(log_prob - old_log_prob), 9);
      }
    }
    tearDown(setting);
  });

  it('counts what a rollout holds', async () => {
    for (const row of await run(name, 2, { steps: 3 })) {
      expect(row.length_min).toBeLessThanOrEqual(row.length_mean as number);
      expect(row.length_max).toBeLessThanOrEqual(actions);
      expect(row.frac_cut_off).toBeGreaterThanOrEqual(0);
      expect(row.frac_cut_off).toBeLessThanOrEqual(1);
      // three actions: at most log 3 nats
      expect(row.entropy).toBeGreaterThan(0);
      expect(row.entropy).toBeLessThanOrEqual(Math.log(3) + 1e-6);
      expect(row.score_matches).toBeCloseTo(row.reward as number, 9);
    }
  });

  it.each([
    [{ queries: 0 }, 'queries is 0; expected a whole number from 1.'],
    [{ groupSize: 1.5 }, 'groupSize is 1.5; expected a whole number from 1.'],
    [{ temperature: 0 }, 'temperature is 0; expected a number above 0'],
  ])('refuses %j before anything is sampled', async (changes, told) => {
    await expect(run(name, 1, changes)).rejects.toThrow(told);
  });
});

it.each([
  ['grpo', { epochs: 0 }, 'epochs is 0; expected a whole number from 1.'],
  [
    'ppo',
    { minibatches: 3 },
    'minibatches is 3; expected a number that cuts 16 trajectories into equal parts.',
  ],
  ['trpo', { maxKl: 0 }, 'maxKl is 0; expected a number of nats above 0.'],
  ['trpo', { damping: -1 }, 'damping is -1; expected a number from 0.'],
  ['trpo', { backtrackFactor: 1 }, 'backtrackFactor is 1; expected a number between 0 and 1.'],
  ['trpo', { lineSearchSteps: 0 }, 'lineSearchSteps is 0; expected a whole number from 1.'],
  ['trpo', { conjugateGradientSteps: 0 }, 'conjugateGradientSteps is 0; expected a whole number from 1.'],
] as [string, Changes, string][])('%s refuses %j', async (name, changes, told) => {
  const before = tf.memory().numTensors;
  await expect(run(name, 1, changes)).rejects.toThrow(told);
  expect(tf.memory().numTensors).toBe(before);
});
