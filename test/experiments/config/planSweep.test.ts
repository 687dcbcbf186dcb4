import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { presets } from '../../../lib/algorithms/presets';
import { InputError } from '../../../lib/errors/inputError';
import { planSweep } from '../../../lib/experiments/config/planSweep';
import { readConfig } from '../../../lib/experiments/config/readConfig';
import { runId } from '../../../lib/experiments/config/runId';
import type { SweepRequest } from '../../../lib/experiments/config/sweepRequest';
import { additionExperiment } from '../../../lib/experiments/definitions/additionExperiment';
import { algorithmNamed, algorithmNames } from '../../../lib/experiments/definitions/algorithms';
import { customGrpo } from '../../../lib/experiments/definitions/customGrpo';
import { mazeExperiment } from '../../../lib/experiments/definitions/mazeExperiment';
import type { Configs } from '../../../lib/experiments/definitions/taskDefinition';
import { taskNamed, taskNames } from '../../../lib/experiments/definitions/tasks';
import { settingOf } from '../../../lib/experiments/run/runSpec';
import { parseMaze } from '../../../lib/tasks/maze';

const room = (fields: Partial<SweepRequest>): SweepRequest => ({
  task: 'room',
  algorithm: 'ppo',
  seeds: [1],
  ...fields,
});
const plan = (fields: Partial<SweepRequest>) => planSweep(room(fields)).specs;
const only = (fields: Partial<SweepRequest>) => {
  const [spec, ...others] = plan(fields);
  expect(others).toEqual([]);
  return spec!;
};
const maze = parseMaze('#####\n#..E#\n#####', 'a short corridor');
const held = mazeExperiment({ name: 'held', maze, reference: 'start' });
const clipped = customGrpo('own', ({ ratio, advantages }) => ratio.mul(advantages).neg());

describe('what is wrong is one sentence', () => {
  const set = (set: object, fields: object = {}) => ({ ...fields, set });
  const grpo = { algorithm: 'grpo' };
  const both = { algorithm: ['ppo', 'trpo'] };

  const wrong: readonly [object, string][] = [
    // names
    [
      { task: 'rom' },
      'there is no task "rom"; did you mean "room"? There are room, two-ways, corridor, halls, spiral, additions, additions-judge.',
    ],
    [
      { algorithm: 'gpro' },
      'there is no algorithm "gpro"; did you mean "grpo"? There are reinforce, grpo, ppo, trpo.',
    ],
    [{ algorithm: [] }, "algorithm is []; expected an algorithm's name, or a list of one or several."],
    [{ algorithm: ['ppo', 'ppo'] }, 'the algorithm "ppo" stands twice; expected each once.'],
    [
      { task: { ...held, name: 'a__b' } },
      'the task\'s name is "a__b"; expected letters, digits, "." and "-" alone.',
    ],
    [
      { algorithm: customGrpo('soft clip', ({ ratio }) => ratio) },
      'the algorithm\'s name is "soft clip"; expected letters, digits, "." and "-" alone.',
    ],
    [{ preset: 'trll' }, 'there is no preset "trll"; did you mean "trl"?'],
    [
      { preset: 'trl', algorithm: 'trpo' },
      'the preset "trl" has no trpo; expected one of lab, spinningUp, sb3.',
    ],
    [
      { preset: 'trl.rloo' },
      'the preset "trl.rloo" has no ppo; expected one of lab, trl, verl, openrlhf, spinningUp, sb3, cleanrl.',
    ],
    [
      { preset: 'sb3', algorithm: ['ppo', 'grpo'] },
      'the preset "sb3" has no grpo; expected one of lab, trl, trl.rloo, verl, openrlhf, deepseekMath, drGrpo, dapo, gspo.',
    ],
    // the request itself
    [{ sedes: [1] }, 'sedes is no field of a sweep; did you mean "seeds"?'],
    [{ task: 3 }, "task is 3; expected a task's name, or in a cell its definition."],
    [{ seeds: [] }, 'seeds is []; expected a list of whole numbers from 0, at least one.'],
    [{ seeds: [1, 2.5] }, 'seeds.1 is 2.5; expected a list of whole numbers from 0, at least one.'],
    [{ seeds: 3 }, 'seeds is 3; expected a list of whole numbers from 0, at least one.'],
    [{ seeds: [1, 2, 1] }, 'the seed 1 stands twice; expected each once.'],
    [{ set: [1] }, 'set is [1]; expected an object of settings by name.'],
    [{ checkpointEvery: 0 }, 'checkpointEvery is 0; expected a whole number from 1.'],
    [{ completionsEvery: -1 }, 'completionsEvery is -1; expected a whole number from 0.'],
    [{ tensorboard: 'yes' }, 'tensorboard is "yes"; expected true or false.'],
    // names of fields
    [set({ clipRnage: 0.1 }), 'clipRnage is no setting of ppo; did you mean "clipRange"?'],
    [set({ toString: 1 }), 'toString is no setting of ppo; did you mean "whitening"?'],
    [set({ 'ppo.clipRnage': 0.1 }), 'clipRnage is no setting of ppo; did you mean "clipRange"?'],
    [set({ 'whitening.dof': 1 }), 'whitening.dof is no setting of ppo; did you mean "whitening.ddof"?'],
    [
      set({ whitening: { dof: 1, epsilon: 0, form: 'clamp' } }),
      'whitening.ddof is missing; expected 0 or 1.',
    ],
    [
      set({ whitening: { ddof: 1, epsilon: 0, form: 'clamp', from: 1 } }),
      'whitening.from is no setting of ppo; did you mean "whitening.form"?',
    ],
    [
      set({ clipRange: 0.1 }, both),
      'clipRange is no setting of trpo; write "ppo.clipRange" to set it for ppo alone.',
    ],
    [
      set({ maxKl: 0.1 }, { algorithm: ['ppo', 'trpo', 'grpo'] }),
      'maxKl is no setting of ppo or grpo; write "trpo.maxKl" to set it for trpo alone.',
    ],
    [set({ maxLk: 0.1 }, both), 'maxLk is no setting of ppo or trpo; did you mean "maxKl"?'],
    [set({ 'trpo.maxKl': 0.1 }), 'trpo.maxKl is set for trpo, which this sweep does not run; it runs ppo.'],
    [
      set({ surrogate: 'cispo' }, { algorithm: clipped }),
      'surrogate is no setting of own; did you mean "scale"?',
    ],
    [
      set({ clipRange: 0.1, clipHigh: 0.2 }),
      'clipRange and clipHigh both set clipHigh; expected one of them.',
    ],
    [
      set({ 'whitening.ddof': 1, whitening: null }),
      'whitening.ddof and whitening both set whitening; expected one of them.',
    ],
    [
      set({ 'klClamp.estimate': 5 }, grpo),
      'klClamp.estimate is set, but klClamp is missing there; expected klClamp to be set as a whole.',
    ],
    // values of fields
    [set({ learningRate: 'fast' }), 'learningRate is "fast"; expected a number above 0.'],
    [set({ learningRate: 0 }), 'learningRate is 0; expected a number above 0.'],
    [set({ learningRate: Number.POSITIVE_INFINITY }), 'learningRate is Infinity; expected a number above 0.'],
    [set({ learningRate: undefined }), 'learningRate is missing; expected a number above 0.'],
    [set({ learningRate: [0.1, Number.NaN] }), 'learningRate is NaN; expected a number above 0.'],
    [set({ clipRange: -0.1 }), 'clipRange is -0.1; expected a number above 0.'],
    [set({ maxGradNorm: 0 }), 'maxGradNorm is 0; expected a number above 0, or Infinity.'],
    [set({ steps: 1.5 }), 'steps is 1.5; expected a whole number from 1.'],
    [set({ discount: 1.1 }), 'discount is 1.1; expected a number from 0 to 1.'],
    [set({ beta2: 1 }), 'beta2 is 1; expected a number from 0, below 1.'],
    [set({ schedule: 'cosin' }), 'schedule is "cosin"; expected "linear", "cosine" or "constant".'],
    [set({ whitening: 'no' }), 'whitening is "no"; expected null, or an object with ddof, epsilon and form.'],
    [set({ valueClipRange: 0 }), 'valueClipRange is 0; expected null, or a number above 0.'],
    [set({ 'whitening.ddof': 2 }), 'whitening.ddof is 2; expected 0 or 1.'],
    [
      set({ learningRate: 'fast' }, both),
      'learningRate is no setting of trpo; write "ppo.learningRate" to set it for ppo alone.',
    ],
    [set({ discount: 'no' }, both), 'ppo: discount is "no"; expected a number from 0 to 1.'],
    [set({ clipRange: [] }), 'clipRange is []; expected a value, or a list of several.'],
    [set({ clipRange: [0.1, 0.2, 0.1] }), 'clipRange lists 0.1 twice; expected each value once.'],
    // combinations
    [
      set({ minibatches: 5 }),
      'minibatches is 5; expected a number that cuts 64 trajectories (queries 8 · groupSize 8) into equal parts.',
    ],
    [
      set({ valueMinibatches: 5 }, { algorithm: 'trpo' }),
      'valueMinibatches is 5; expected a number that cuts 64 trajectories (queries 8 · groupSize 8) into equal parts.',
    ],
    [
      set({ warmupSteps: 50 }),
      'warmupSteps is 50 and steps 40; expected at most as many, since the learning rate would never reach its value.',
    ],
    [
      set({ groupSize: 1 }, grpo),
      'groupSize is 1 and baseline "mean"; expected a groupSize from 2, or the baseline "none", since a response alone has nothing to be compared with.',
    ],
    [
      set({ groupSize: 1 }, { algorithm: 'reinforce' }),
      'groupSize is 1 and baseline "leave-one-out"; expected a groupSize from 2, or the baseline "none", since a response alone has nothing to be compared with.',
    ],
    [
      set({ groupSize: 1, baseline: 'none' }, grpo),
      'groupSize is 1 and scale "group"; expected a groupSize from 2, or another scale, since one reward has no standard deviation.',
    ],
    [
      set({ groupSize: 1, queries: 1, baseline: 'none', scale: 'batch' }, grpo),
      'queries and groupSize are 1 and scale "batch"; expected several trajectories, or the scale "none", since one reward has no standard deviation.',
    ],
    [
      set({ groupSize: 1, baseline: 'none', scale: 'none', maxRollouts: 3 }, grpo),
      'maxRollouts is 3 and groupSize 1; expected maxRollouts 1, or a groupSize from 2, since the rewards of one response never differ.',
    ],
    [
      set({ baseline: 'none', scaleEpsilon: 0 }, grpo),
      'scaleEpsilon is 0, with the baseline "none" and the scale "group"; expected a number above 0, since the deviation of equal rewards is 0.',
    ],
    [
      set({ klEstimator: 'exact', klPlace: 'reward' }, grpo),
      'klEstimator is "exact" and klPlace "reward"; expected the klPlace "loss", where it has a gradient.',
    ],
    [
      set({ klControl: 'doubling' }),
      'klCoefficient is 0 and klControl "doubling"; expected a number above 0, since 0 cannot be steered.',
    ],
    [
      set({ klControl: 'doubling', klCoefficient: 0.1, klTarget: 'Infinity' }),
      'klTarget is Infinity and klControl "doubling"; expected a number of nats to steer to.',
    ],
    [
      set({ klControl: 'proportional', klCoefficient: 0.1, klHorizon: 'Infinity' }),
      'klHorizon is Infinity and klControl "proportional"; expected a number of trajectories, since klCoefficient would never change.',
    ],
    [
      set({ klControl: 'proportional', klCoefficient: 0.1 }),
      'klHorizon is 1 and klControl "proportional"; expected more than 12.8, since a step of 64 trajectories could bring klCoefficient to 0 or below.',
    ],
    [
      set({ updateKlTarget: 0.01 }),
      'updateKlTarget is 0.01 and updateKlCoefficient 0; expected a number above 0, since 0 cannot be steered.',
    ],
    [
      set({ klStop: 0.01, epochs: 1 }),
      'klStop is 0.01, but a step has one update (epochs 1 · minibatches 1); expected null, since the first is always taken.',
    ],
    // with the task
    [
      set({ klCoefficient: 0.1 }),
      'klCoefficient is 0.1, but the task "room" has no reference policy to hold on to; expected 0.',
    ],
    [
      set({ queries: 30 }, { task: 'additions' }),
      'queries is 30, but the task "additions" has 29; expected at most as many.',
    ],
  ];
  it.each(wrong.map(([fields, sentence]) => ({ fields, sentence })))('$sentence', ({ fields, sentence }) => {
    expect(() => planSweep(room(fields as Partial<SweepRequest>))).toThrow(new InputError(sentence));
  });
});

describe('presets', () => {
  const everywhere = taskNames.flatMap((task) =>
    algorithmNames.flatMap((algorithm) =>
      algorithmNamed(algorithm).presets.map((preset) => [task, algorithm, preset] as const),
    ),
  );

  it.each(everywhere)('%s, %s, %s is a whole config', (task, algorithm, preset) => {
    const spec = only({ task, algorithm, preset });
    const { schema, documentation } = algorithmNamed(algorithm);
    const options = { of: algorithm, names: Object.keys(documentation) };
    const config = readConfig(schema, JSON.parse(JSON.stringify(spec.config)), options);
    const { settings, size } = taskNamed(task);
    const name = algorithm as keyof Configs;
    if (preset === 'lab') expect(config).toEqual(settings[name]);
    else expect(config).toMatchObject(size[name]);
  });

  it('"lab" is the settings that notebooks train with, and another preset those choices at that size', () => {
    const { config } = only({ algorithm: 'grpo', preset: 'dapo' });
    const { grpo: settings } = taskNamed('room').settings;
    const { steps, queries, groupSize, learningRate, warmupSteps, schedule } = settings;
    const choices = presets.dapo.grpo;
    const size = { steps, queries, groupSize, learningRate, warmupSteps, schedule, evaluateEvery: 5 };
    expect(config).toEqual({ ...choices, ...size });
  });

  it('keep their KL where there is a reference', () => {
    expect(only({ algorithm: 'grpo', preset: 'trl.rloo' }).config.klCoefficient).toBe(0);
    const withStart = { task: held, algorithm: 'grpo', preset: 'trl.rloo' };
    expect(only(withStart).config.klCoefficient).toBe(presets.trl.rloo.klCoefficient);
    expect(only({ task: 'additions', preset: 'openrlhf' }).config.klCoefficient).toBe(0.01);
  });

  it('include those of both algorithms of a request', () => {
    const specs = plan({ algorithm: ['ppo', 'trpo'], preset: 'sb3' });
    expect(specs.map(({ algorithm, preset }) => `${algorithm} ${preset}`)).toEqual(['ppo sb3', 'trpo sb3']);
  });
});

describe('settings', () => {
  it('clipRange stands for clipLow and clipHigh, and a dot leads into an object', () => {
    const { set, config } = only({ set: { clipRange: 0.1, 'whitening.ddof': 0 } });
    expect(set).toEqual({ clipRange: 0.1, 'whitening.ddof': 0 });
    expect(config).toMatchObject({ clipLow: 0.1, clipHigh: 0.1 });
    const { whitening } = taskNamed('room').settings.ppo;
    expect(config.whitening).toEqual({ ...whitening, ddof: 0 });
  });

  it('lists make a run of each combination, the last list changing fastest, seed by seed', () => {
    const specs = plan({ seeds: [3, 1], set: { clipRange: [0.1, 0.2], epochs: 2, discount: [0.9, 1] } });
    expect(specs.map(({ seed, set }) => [seed, set.clipRange, set.epochs, set.discount])).toEqual(
      [3, 1].flatMap((seed) =>
        [0.1, 0.2].flatMap((clip) => [0.9, 1].map((discount) => [seed, clip, 2, discount])),
      ),
    );
    expect(new Set(specs.map(({ name }) => name)).size).toBe(8);
    expect(new Set(specs.map(settingOf)).size).toBe(4);
  });

  it('a list may hold null, and objects', () => {
    const whitenings = [null, { ddof: 1, epsilon: 0, form: 'clamp' }] as const;
    const specs = plan({ set: { whitening: whitenings, valueClipRange: [null, 0.2] } });
    expect(specs.map(({ config }) => [config.whitening, config.valueClipRange])).toEqual(
      whitenings.flatMap((whitening) => [null, 0.2].map((range) => [whitening, range])),
    );
  });

  it('a prefix sets a field of one algorithm alone, in place of what is set for all', () => {
    const algorithm = ['ppo', 'trpo'];
    const set = { discount: [0.5, 0.6], 'ppo.clipRange': [0.1, 0.3], 'trpo.discount': 0.7 };
    expect(plan({ algorithm, set }).map(({ algorithm, set }) => [algorithm, set])).toEqual([
      ...[0.5, 0.6].flatMap((discount) => [0.1, 0.3].map((clipRange) => ['ppo', { discount, clipRange }])),
      ['trpo', { discount: 0.7 }],
    ]);
  });

  it('a prefix is that of the longest name', () => {
    const algorithm = ['grpo', customGrpo('grpo.own', ({ ratio }) => ratio)];
    const [first, second] = plan({ algorithm, set: { 'grpo.own.clipRange': 0.5 } });
    expect([first!.config.clipLow, second!.config.clipLow]).toEqual([0.2, 0.5]);
    expect(plan({ algorithm: algorithm[1]!, set: { 'grpo.own.clipRange': 0.5 } })).toHaveLength(1);
  });
});

describe('a spec', () => {
  it('has all names, the config and what to keep', () => {
    const { config, ...spec } = only({ seeds: [7], set: { evaluateEvery: 4 } });
    expect(spec).toEqual({
      name: `room__ppo__7__${spec.id}`,
      task: 'room',
      algorithm: 'ppo',
      preset: 'lab',
      seed: 7,
      id: expect.stringMatching(/^[0-9a-f]{8}$/u),
      set: { evaluateEvery: 4 },
      keeping: { checkpointEvery: 4, keepCheckpoints: 2, completionsEvery: 4, tensorboard: false },
    });
    expect(config).toEqual({ ...taskNamed('room').settings.ppo, evaluateEvery: 4 });
  });

  it('keeps what is asked for, and takes undefined for nothing', () => {
    const keeping = { checkpointEvery: 7, keepCheckpoints: 1, completionsEvery: 0, tensorboard: true };
    expect(only(keeping).keeping).toEqual(keeping);
    const unsaid = { checkpointEvery: undefined, set: undefined } as unknown as Partial<SweepRequest>;
    expect(only(unsaid)).toEqual(only({}));
  });

  it('has the definitions beside it', () => {
    const { tasks, algorithms } = planSweep(room({ task: held, algorithm: ['trpo', clipped] }));
    expect([...tasks]).toEqual([['held', held]]);
    expect([...algorithms]).toEqual([
      ['trpo', algorithmNamed('trpo')],
      ['own', clipped],
    ]);
  });

  it('goes through JSON and back, with its ∞', () => {
    const spec = only({ preset: 'spinningUp', set: { klHorizon: Number.POSITIVE_INFINITY } });
    const back = JSON.parse(JSON.stringify(spec)) as typeof spec;
    expect(back).toEqual(spec);
    expect(back.set).toEqual({ klHorizon: 'Infinity' });
    expect(back.config.klTarget).toBe('Infinity');
    const { schema } = algorithmNamed('ppo');
    const config = readConfig(schema, back.config, { of: 'ppo', names: [] });
    expect(config).toMatchObject({
      klTarget: Number.POSITIVE_INFINITY,
      klHorizon: Number.POSITIVE_INFINITY,
    });
    // as the author of a JSON file writes it
    expect(only({ preset: 'spinningUp', set: { klHorizon: 'Infinity' } })).toEqual(spec);
  });
});

describe('an id', () => {
  const idOf = (fields: Partial<SweepRequest>) => only(fields).id;
  const values = {
    clipLow: 0.3,
    discount: 0.5,
    whitening: { form: 'clamp', epsilon: 0, ddof: 1 },
    maxGradNorm: 'Infinity',
  } as const;
  const names = Object.keys(values) as (keyof typeof values)[];
  const setOf = (chosen: readonly (keyof typeof values)[]) =>
    Object.fromEntries(chosen.map((name) => [name, values[name]]));

  it('does not depend on the order of fields, and differs with what is set', () => {
    const chosen = fc.shuffledSubarray(names, { minLength: 0 });
    fc.assert(
      fc.property(chosen, chosen, (one, other) => {
        const same = one.length === other.length && one.every((name) => other.includes(name));
        expect(idOf({ set: setOf(one) }) === idOf({ set: setOf(other) })).toBe(same);
      }),
      { numRuns: 100 },
    );
    const { form, epsilon, ddof } = values.whitening;
    expect(idOf({ set: { whitening: { ddof, epsilon, form } } })).toBe(
      idOf({ set: { whitening: values.whitening } }),
    );
  });

  it('is that of the config, whatever preset or setting it comes from, and of no seed and nothing kept', () => {
    const { clipLow } = taskNamed('room').settings.ppo;
    const id = idOf({});
    expect(idOf({ set: { clipRange: clipLow } })).toBe(id);
    expect(idOf({ seeds: [5], checkpointEvery: 9 })).toBe(id);
  });

  it('differs with the task, the algorithm, and their text', () => {
    const reward = additionExperiment({ name: 'mine', reward: ({ tokens }) => tokens });
    const edited = additionExperiment({ name: 'mine', reward: ({ tokens }) => -tokens });
    const short = mazeExperiment({ name: 'mine', maze, maxSteps: 5 });
    const tasks = ['room', 'corridor', reward, edited, short, mazeExperiment({ name: 'mine', maze })];
    const own = customGrpo('own', ({ logProbs }) => logProbs);
    const algorithms = ['ppo', 'trpo', 'grpo', clipped, own];
    const ids = tasks.flatMap((task) => algorithms.map((algorithm) => idOf({ task, algorithm })));
    expect(new Set(ids).size).toBe(tasks.length * algorithms.length);
  });

  it('is that of the canonical JSON, by the SHA-256 of another program', () => {
    const config = { whitening: null, clipLow: 0.2, clipHigh: Number.POSITIVE_INFINITY };
    // printf '%s' '{"algorithm":"ppo","config":{"clipHigh":"Infinity","clipLow":0.2,"whitening":null},"task":"room"}' | sha256sum
    expect(runId({ task: 'room', config, algorithm: 'ppo' })).toBe('2ebe277c');
  });
});
