import { expect, it } from 'vitest';
import { InputError } from '../../../lib/errors/inputError';
import { planSweep } from '../../../lib/experiments/config/planSweep';
import { readSweepRequest } from '../../../lib/experiments/config/requestSchema';

const request = {
  task: 'room',
  algorithm: ['ppo', 'grpo'],
  preset: 'trl',
  seeds: [1, 2],
  set: { clipRange: [0.1, 'Infinity'] },
  completionsEvery: 0,
  tensorboard: true,
};

it('reads what a file holds', () => {
  expect(readSweepRequest(JSON.parse(JSON.stringify(request)), 'sweep.json')).toEqual(request);
  expect(
    planSweep(readSweepRequest({ task: 'room', algorithm: 'ppo', seeds: [0] }, 'a.json')).specs,
  ).toHaveLength(1);
});

it.each<[unknown, string]>([
  [[], 'sweep.json: a sweep is []; expected an object.'],
  [null, 'sweep.json: a sweep is null; expected an object.'],
  [{ ...request, sets: {} }, 'sweep.json: sets is no field of a sweep; did you mean "set"?'],
  [
    { task: 'room', algorithm: 'ppo' },
    'sweep.json: seeds is missing; expected a list of whole numbers from 0, at least one.',
  ],
  [
    { ...request, task: { name: 'room' } },
    'sweep.json: task is {"name":"room"}; expected a task\'s name, or in a cell its definition.',
  ],
  [
    { ...request, algorithm: 1 },
    "sweep.json: algorithm is 1; expected an algorithm's name, or a list of one or several.",
  ],
  [
    { ...request, seeds: ['1'] },
    'sweep.json: seeds.0 is "1"; expected a list of whole numbers from 0, at least one.',
  ],
  [{ ...request, seeds: [1, 1] }, 'sweep.json: the seed 1 stands twice; expected each once.'],
  [{ ...request, preset: null }, "sweep.json: preset is null; expected a preset's name."],
])('%j', (fields, sentence) => {
  expect(() => readSweepRequest(fields, 'sweep.json')).toThrow(new InputError(sentence));
});
